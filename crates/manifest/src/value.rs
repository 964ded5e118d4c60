//! The values a manifest is made of: each parses from text, prints as text, and is valid by its type.

mod glob;
mod image;
mod network;
mod path;
mod schedule;
mod size;
mod span;
mod template;
mod version;
mod word;

pub use glob::Glob;
pub use image::ImageReference;
pub use network::Network;
pub use path::{AbsolutePath, JsonPointer, PathPrefix, RelativePath, RequestPath};
pub use schedule::Schedule;
pub use size::{Bytes, Cpus, Percent};
pub use span::Span;
pub use template::{Named, QueryTemplate, Url, UrlTemplate};
pub(crate) use version::is_pre_release;
pub use version::{by_version, is_older};
pub use word::{
    Address, Email, FeatureName, FieldName, HostName, Port, StageName, Text, Timezone, User,
    VariableName, VoterName,
};

use crate::problem::quoted;

/// Why a text is not a value of some kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {kind}, found {text}: {rule}")]
pub struct InvalidValue {
    kind: &'static str,
    text: String,
    rule: &'static str,
}

impl InvalidValue {
    pub(crate) fn new(kind: &'static str, text: &str, rule: &'static str) -> Self {
        Self { kind, text: quoted(text), rule }
    }
}
