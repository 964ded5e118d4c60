//! The log of a build: masked, bounded, kept, and followed while it grows.

pub mod follow;
pub mod recorder;
pub mod write;
