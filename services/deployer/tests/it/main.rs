//! The deployer against what it works with: a real engine, a real database.

#![expect(clippy::unwrap_used, reason = "helpers of tests end their test")]

mod constraint;
mod disk;
mod engine;
mod place;
mod probe;
mod sweep;
