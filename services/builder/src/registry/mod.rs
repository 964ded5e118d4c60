//! Where images go. What the registry answers for a manifest is the identity of an image.

pub mod auth;
pub mod client;
pub mod layers;
pub mod reference;
