//! End-to-end stories: what a team does, and what its users see.

mod push;
