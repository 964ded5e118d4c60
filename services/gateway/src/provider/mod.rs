//! The forges whose webhooks are understood. Which one a source belongs to is written in its row, never
//! guessed from headers: Gitea signs like GitHub and is not GitHub.
//!
//! A new forge is one file with the four functions of [`github`] and one variant here.

mod form;
mod github;
mod signature;

pub(crate) use signature::Secrets;

use crate::understood::Understood;
use http::HeaderMap;

/// A forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// github.com and GitHub Enterprise Server.
    GitHub,
}

/// What the headers of a delivery say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// The forge's own id of the delivery: the same when it is delivered again.
    pub external_id: String,
    /// The forge's name of what happened.
    pub event: String,
}

/// Why a delivery cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("header {0} is missing or not 1 to 200 printable characters")]
pub(crate) struct BadHeader(pub &'static str);

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`, with JSON in the field `payload`.
    Form,
}

impl ContentType {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            _ => None,
        }
    }
}

impl Provider {
    /// The provider called `name` in a row.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "github" => Some(Self::GitHub),
            _ => None,
        }
    }

    /// The name in a row.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
        }
    }

    /// The headers that are kept with a delivery.
    pub(crate) fn kept_headers(self) -> &'static [&'static str] {
        match self {
            Self::GitHub => github::KEPT_HEADERS,
        }
    }

    /// Whether the forge that knows one of the secrets signed these bytes.
    pub(crate) fn verify(self, headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> bool {
        match self {
            Self::GitHub => github::verify(headers, body, secrets),
        }
    }

    /// What the headers say.
    pub(crate) fn label(self, headers: &HeaderMap) -> Result<Label, BadHeader> {
        match self {
            Self::GitHub => github::label(headers),
        }
    }

    /// What the delivery means.
    pub(crate) fn understand(self, event: &str, content: ContentType, body: &[u8]) -> Understood {
        match self {
            Self::GitHub => github::understand(event, content, body),
        }
    }
}

/// The value of a header that must be short and printable.
fn short_header(headers: &HeaderMap, name: &'static str) -> Result<String, BadHeader> {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).ok_or(BadHeader(name))?;
    let fits = (1..=200).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(value.to_owned()) } else { Err(BadHeader(name)) }
}
