//! A message as Standard Webhooks wants it: identified, timed, and signed over exactly the bytes sent. Pure.

use super::Message;
use super::message::DECIDE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use events::EventId;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a key begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a key.
const KEY: std::ops::RangeInclusive<usize> = 24..=64;

/// The text is not a list of keys. Never the text: it is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is whsec_ and 24 to 64 bytes as base64")]
pub(crate) struct InvalidKey;

/// What requests are signed with: one key, and a second while one replaces the other.
pub(crate) struct Keys(Vec<Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl Keys {
    /// The keys in `text`, with white space between them.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidKey> {
        let key = |word: &str| {
            let bytes = STANDARD.decode(word.strip_prefix(PREFIX).unwrap_or(word));
            let bytes = bytes.map(Zeroizing::new).map_err(|_| InvalidKey)?;
            if KEY.contains(&bytes.len()) { Ok(bytes) } else { Err(InvalidKey) }
        };
        let keys: Vec<_> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(InvalidKey) } else { Ok(Self(keys)) }
    }

    /// The header `webhook-signature`: one signature for each key.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signature = |key: &Zeroizing<Vec<u8>>| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }
}

/// The body of the request.
pub(crate) fn body(message: &Message, event: EventId, times: i32) -> Value {
    let mut body = json!({
        "type": message.event,
        "timestamp": timestamp(message.at),
        "data": {
            "notice": message.notice,
            "event": event.to_string(),
            "app": message.app,
            "environments": message.environments,
            "release": message.release,
            "number": message.number,
            "title": message.title,
            "text": message.text,
            "reason": message.reason,
            "commit": message.commit,
            "from": message.from,
            "by": message.by,
            "link": message.link,
            "excerpt": message.excerpt,
            "times": times,
        },
    });
    if let Some(page) = &message.look {
        body["data"]["page"] = json!(page);
    }
    if let Some(page) = &message.decide {
        body["data"][DECIDE] = json!(page);
    }
    body
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::failed;
    use super::*;

    /// The vector that the libraries of the standard are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn a_signature_is_that_of_the_standard() {
        let keys = Keys::parse(SECRET).expect("a key");
        assert_eq!(keys.sign(ID, TIMESTAMP, BODY), SIGNATURE);
    }

    #[test]
    fn two_keys_sign_while_one_replaces_the_other() {
        let other = format!("whsec_{}", STANDARD.encode([7; 32]));
        let signed = Keys::parse(&format!("{other}\n{SECRET}\n")).expect("two keys");
        let signatures = signed.sign(ID, TIMESTAMP, BODY);
        assert_eq!(signatures.split(' ').count(), 2);
        assert!(signatures.ends_with(SIGNATURE), "{signatures}");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "whsec_",
            "whsec_not base64",
            "whsec_c2hvcnQ=",
            "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert_eq!(Keys::parse(text).err(), Some(InvalidKey), "{text}");
        }
    }

    #[test]
    fn a_failed_release_reads_so() {
        let body = body(&failed(), EventId::new(uuid::Uuid::nil()), 1);
        insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
        {
          "data": {
            "app": "shop",
            "by": "ada",
            "commit": "abababababababababababababababababababab",
            "environments": [
              "production"
            ],
            "event": "00000000-0000-0000-0000-000000000000",
            "excerpt": [
              "Traceback:",
              "  no ```flask``` <here>"
            ],
            "from": "branch main",
            "link": "https://github.com/acme/shop/commit/abab",
            "notice": "failed",
            "number": 8,
            "reason": "MODULE_NOT_FOUND",
            "release": null,
            "text": "MODULE_NOT_FOUND: api cannot import <flask> & exits",
            "times": 1,
            "title": "shop/production: release 8 failed"
          },
          "timestamp": "1970-01-01T00:00:00.000Z",
          "type": "release.failed"
        }
        "#);
    }
}
