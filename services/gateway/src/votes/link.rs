//! A link that lets its holder decide on one release, for a time: what it says is signed, so that nothing is kept of it.
//! Pure.

use crate::notify::Message;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, ReleaseId};
use pg::sealed::Key;
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// What the signature is for.
const CONTEXT: &str = "vote";
/// Bytes of the signature, which comes first.
const SIGNATURE: usize = 32;

/// Where people reach the pages, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Not the address of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not https://HOST or http://HOST, perhaps with a port and a path")]
pub struct InvalidUrl;

impl FromStr for PublicUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let url: http::Uri = text.parse().map_err(|_| InvalidUrl)?;
        let is_site = matches!(url.scheme_str(), Some("https" | "http"));
        let is_plain = !text.contains(['?', '#', '@']);
        let text = text.trim_end_matches('/');
        if is_site && is_plain { Ok(Self(text.to_owned())) } else { Err(InvalidUrl) }
    }
}

impl Display for PublicUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a link lets its holder do: decide on this release, in this name, until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub release: ReleaseId,
    pub app: AppName,
    pub environment: EnvironmentName,
    pub number: i64,
    pub voter: String,
    pub until: DateTime<Utc>,
}

/// Why a link decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidLink {
    /// It was not made here.
    #[error("the link was not made here, or is not whole")]
    Forged,
    /// It was, for a time that is over.
    #[error("the time to decide is over")]
    Over,
}

impl Link {
    /// The link that readers of `message` get; nothing when there is nothing they may decide.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let [environment] = message.environments.as_slice() else { return None };
        Some(Self {
            release: message.release?,
            app: message.app.clone(),
            environment: environment.clone(),
            number: message.number?,
            voter: message.voter.clone()?,
            until: message.until?,
        })
    }

    /// `shop/production #7`
    pub(super) fn title(&self) -> String {
        format!("{}/{} #{}", self.app, self.environment, self.number)
    }

    /// The page that it opens.
    pub(crate) fn page(&self, url: &PublicUrl, key: &Key) -> String {
        format!("{url}/votes/{}", self.text(key))
    }

    fn text(&self, key: &Key) -> String {
        let said = serde_json::to_vec(self).expect("names, numbers and texts are always JSON");
        let signature = key.sign(CONTEXT, &said);
        URL_SAFE_NO_PAD.encode([signature.as_slice(), &said].concat())
    }

    /// The link that `text` is, if it was made with `key` and is not over.
    pub(super) fn read(text: &str, key: &Key, now: DateTime<Utc>) -> Result<Self, InvalidLink> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidLink::Forged)?;
        let (signature, said) =
            bytes.split_first_chunk::<SIGNATURE>().ok_or(InvalidLink::Forged)?;
        // Nothing is looked at before it is known who wrote it.
        if !key.signed(CONTEXT, said, signature) {
            return Err(InvalidLink::Forged);
        }
        let link: Self = serde_json::from_slice(said).map_err(|_| InvalidLink::Forged)?;
        if link.until <= now { Err(InvalidLink::Over) } else { Ok(link) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn key() -> Key {
        let folder = tempfile::tempdir().expect("a folder");
        Key::load_or_create(&folder.path().join("key")).expect("a new key")
    }

    pub(in crate::votes) fn link() -> Link {
        Link {
            release: ReleaseId::new(uuid::Uuid::nil()),
            app: AppName::parse("shop").expect("a name"),
            environment: EnvironmentName::parse("production").expect("a name"),
            number: 7,
            voter: "email:lead@example.com".to_owned(),
            until: DateTime::UNIX_EPOCH + TimeDelta::hours(24),
        }
    }

    #[test]
    fn a_link_is_read_back_by_who_made_it_and_until_it_is_over() {
        let (key, now) = (key(), DateTime::UNIX_EPOCH);
        let text = link().text(&key);
        assert_eq!(Link::read(&text, &key, now), Ok(link()));
        let over = now + TimeDelta::hours(24);
        assert_eq!(Link::read(&text, &key, over), Err(InvalidLink::Over));
        assert_eq!(Link::read(&text, &self::key(), now), Err(InvalidLink::Forged));
    }

    #[test]
    fn a_message_has_a_link_only_when_its_readers_may_decide() {
        let message = Message {
            voter: Some("email:lead@example.com".to_owned()),
            until: Some(link().until),
            release: Some(link().release),
            ..crate::notify::failed()
        };
        assert!(Link::of(&message).is_some());
        assert_eq!(Link::of(&Message { voter: None, ..message.clone() }), None);
        assert_eq!(Link::of(&Message { until: None, ..message }), None);
    }

    #[test]
    fn an_address_is_that_of_a_site() {
        let parse = |text: &str| text.parse::<PublicUrl>().map(|url| url.to_string());
        assert_eq!(
            parse("https://slipway.example.com/"),
            Ok("https://slipway.example.com".to_owned())
        );
        assert_eq!(parse("http://10.0.0.1:8801/ci"), Ok("http://10.0.0.1:8801/ci".to_owned()));
        for bad in ["slipway.example.com", "ftp://a", "https://a/?b", "https://u:p@a", ""] {
            assert_eq!(parse(bad), Err(InvalidUrl), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_link_that_was_touched_decides_nothing(at in 0..400_usize, bit in 0..8_u8) {
            let key = key();
            let mut bytes = URL_SAFE_NO_PAD.decode(link().text(&key)).expect("as it was written");
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let read = Link::read(&URL_SAFE_NO_PAD.encode(bytes), &key, DateTime::UNIX_EPOCH);
            prop_assert_eq!(read, Err(InvalidLink::Forged));
        }

        #[test]
        fn what_is_no_link_is_refused(text in "\\PC{0,80}") {
            prop_assert_eq!(Link::read(&text, &key(), DateTime::UNIX_EPOCH), Err(InvalidLink::Forged));
        }
    }
}
