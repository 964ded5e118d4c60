//! End-to-end stories: what a team does, and what its users see.

mod access;
mod builds;
mod drift;
mod faults;
mod lives;
mod push;
mod traffic;
mod webhooks;
