//! GitHub at the wire: what it sends when somebody pushes, signed as GitHub signs.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// What GitHub sends for "nothing".
pub const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// A webhook request.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// `X-GitHub-Event`
    pub event: String,
    /// `X-GitHub-Delivery`
    pub id: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A push of `git_ref` from `before` to `after`.
pub fn push(git_ref: &str, before: &str, after: &str, message: &str) -> Delivery {
    let deleted = after == NO_COMMIT;
    let commit = json!({
        "id": after,
        "message": message,
        "timestamp": "2026-11-21T10:00:00+01:00",
        "author": { "name": "Ana", "email": "ana@example.com", "username": "ana" },
        "added": [], "removed": [], "modified": ["app.py"],
    });
    delivery(
        "push",
        &json!({
            "ref": git_ref,
            "before": before,
            "after": after,
            "created": before == NO_COMMIT,
            "deleted": deleted,
            "forced": false,
            "base_ref": null,
            "compare": "https://git.example.com/shop/compare",
            "commits": if deleted { json!([]) } else { json!([commit]) },
            "head_commit": if deleted { Value::Null } else { commit },
            "repository": { "id": 1, "name": "shop", "full_name": "acme/shop", "default_branch": "main", "pushed_at": 1_790_000_000 },
            "pusher": { "name": "ana", "email": "ana@example.com" },
            "sender": { "login": "ana", "id": 7 },
        }),
    )
}

/// A delivery of any event.
pub fn delivery(event: &str, body: &Value) -> Delivery {
    Delivery {
        event: event.to_owned(),
        id: uuid::Uuid::new_v4().to_string(),
        body: body.to_string().into_bytes(),
    }
}

impl Delivery {
    /// The same content under another id, as after "Redeliver" at some forges.
    #[must_use]
    pub fn redelivered(&self) -> Self {
        Self { id: uuid::Uuid::new_v4().to_string(), ..self.clone() }
    }

    /// The same push, but one that rewrote history.
    #[must_use]
    pub fn forced(&self) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).expect("our own JSON");
        body["forced"] = true.into();
        Self { body: body.to_string().into_bytes(), ..self.clone() }
    }

    /// The headers GitHub sends with it, signed with `secret`.
    pub fn headers(&self, secret: &str) -> Vec<(&'static str, String)> {
        vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "GitHub-Hookshot/044aadd".to_owned()),
            ("x-github-event", self.event.clone()),
            ("x-github-delivery", self.id.clone()),
            ("x-github-hook-id", "292430182".to_owned()),
            ("x-hub-signature-256", self.signature(secret)),
        ]
    }

    /// `sha256=` and the HMAC of the body.
    pub fn signature(&self, secret: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is fine");
        mac.update(&self.body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_githubs_documentation() {
        let delivery =
            Delivery { event: "x".into(), id: "1".into(), body: b"Hello, World!".to_vec() };
        assert_eq!(
            delivery.signature("It's a Secret to Everybody"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }
}
