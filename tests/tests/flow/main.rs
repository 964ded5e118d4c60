//! End-to-end stories: what a team does, and what its users see.

mod apps;
mod drift;
mod faults;
mod lives;
mod push;
mod services;
mod tell;
mod traffic;
