//! What a build gives.

use crate::context::key::ContentKey;
use crate::registry::layers::{Difference, Layer};
use events::{Digest, ServiceName};

/// The images of a change.
#[derive(Debug, Clone)]
pub struct Product {
    /// By service.
    pub images: Vec<ServiceImage>,
}

/// The image of one service.
#[derive(Debug, Clone)]
pub struct ServiceImage {
    /// The service.
    pub service: ServiceName,
    /// Registry and repository without tag.
    pub repository: String,
    /// What the registry says it is.
    pub digest: Digest,
    /// Identity of what went in; absent for images that were not built here or whose bases are unknown.
    pub content_key: Option<ContentKey>,
    /// It was built before.
    pub reused: bool,
    /// Every layer; empty when unknown.
    pub layers: Vec<Layer>,
    /// Beside the image before.
    pub difference: Difference,
    /// Tags given at the registry.
    pub tags: Vec<String>,
}

impl ServiceImage {
    /// Compressed size of all layers; 0 when unknown.
    pub fn size(&self) -> i64 {
        self.layers.iter().map(|layer| layer.size).sum()
    }
}
