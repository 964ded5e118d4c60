//! What a file is, told by its content.

use crate::error::ImportError;
use manifest::yaml::{Node, Value};
use serde::Serialize;
use std::fmt;

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A spec of App Platform, `.do/app.yaml`.
    AppPlatform,
    /// A Compose file, `docker-compose.yml`.
    Compose,
    /// A deploy file of Kamal, `config/deploy.yml`.
    Kamal,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppPlatform => "an App Platform spec",
            Self::Compose => "a Compose file",
            Self::Kamal => "a Kamal deploy file",
        })
    }
}

/// The lists in an App Platform spec.
const COMPONENTS: [&str; 6] =
    ["services", "workers", "jobs", "static_sites", "functions", "databases"];

/// What `root` is: what is `asked` for, or what it looks like.
pub(crate) fn of(root: &Node, asked: Option<Kind>) -> Result<Kind, ImportError> {
    if !matches!(root.value, Value::Map(_)) {
        return Err(ImportError::Unknown("it is no mapping of keys"));
    }
    if let Some(kind) = asked {
        return Ok(kind);
    }
    if has(root, "app") && has(root, "environments") {
        return Err(ImportError::Unknown("it looks like a slipway.yaml, which needs no import"));
    }
    let looks = [Kind::AppPlatform, Kind::Compose, Kind::Kamal];
    let mut looks = looks.into_iter().filter(|kind| looks_like(root, *kind));
    match (looks.next(), looks.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(first), Some(second)) => Err(ImportError::Ambiguous(first, second)),
        (None, _) => Err(ImportError::Unknown(
            "it has no list of components, no mapping of services and no service with servers; \
             say what it is with --from",
        )),
    }
}

fn looks_like(root: &Node, kind: Kind) -> bool {
    match kind {
        Kind::AppPlatform => {
            let spec = key(root, "spec").unwrap_or(root);
            COMPONENTS.iter().any(|name| is_list(spec, name))
        }
        Kind::Compose => {
            key(root, "services").is_some_and(|node| matches!(node.value, Value::Map(_)))
        }
        Kind::Kamal => has(root, "service") && (has(root, "servers") || has(root, "image")),
    }
}

fn key<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
}

fn has(node: &Node, name: &str) -> bool {
    key(node, name).is_some()
}

fn is_list(node: &Node, name: &str) -> bool {
    key(node, name).is_some_and(|node| matches!(node.value, Value::List(_)))
}
