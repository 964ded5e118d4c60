//! GitHub's webhooks: headers, signature, and which payload is read how.

mod payload;

use super::signature::{Secrets, prefixed_hex};
use super::{BadHeader, ContentType, Label, form, short_header};
use crate::understood::Understood;
use http::HeaderMap;

const EVENT: &str = "x-github-event";
const DELIVERY: &str = "x-github-delivery";
const SIGNATURE: &str = "x-hub-signature-256";

pub(super) const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "user-agent",
    EVENT,
    DELIVERY,
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
    "x-github-enterprise-host",
    "x-github-enterprise-version",
];

/// A missing or malformed signature costs the same work as a wrong one.
pub(super) fn verify(headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> bool {
    let given = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).and_then(prefixed_hex);
    let signed = secrets.signed(body, &given.unwrap_or_default());
    signed & given.is_some()
}

pub(super) fn label(headers: &HeaderMap) -> Result<Label, BadHeader> {
    let external_id = short_header(headers, DELIVERY)?;
    Ok(Label { external_id, event: short_header(headers, EVENT)? })
}

pub(super) fn understand(event: &str, content: ContentType, body: &[u8]) -> Understood {
    match content {
        ContentType::Json => payload::understand(event, body),
        ContentType::Form => match form::field(body, "payload") {
            Some(json) => payload::understand(event, &json),
            None => Understood::ignored("the form has no readable field payload"),
        },
    }
}
