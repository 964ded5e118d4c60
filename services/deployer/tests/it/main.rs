//! The deployer against what it works with: a real engine.

mod engine;
mod place;
mod probe;
mod sweep;
