//! Where a request goes: an absolute address of http or https, without credentials. Pure. It is a secret: it
//! is shown nowhere.

use http::Uri;
use http::uri::{InvalidUri, PathAndQuery, Scheme};

/// Longest address.
const LONGEST: usize = 2048;

/// Where a request goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// With TLS.
    pub is_tls: bool,
    /// Without the brackets of IPv6.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Host and port, as in the header `host`.
    pub authority: String,
    /// With its query.
    pub path: PathAndQuery,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Target(hidden)")
    }
}

/// Why a text is not the address of a request. Never the text: it is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// No URL, or not a whole one.
    #[error("it is not an absolute URL, as https://example.com/hook")]
    Shape,
    /// Another protocol.
    #[error("only http and https are spoken")]
    Scheme,
    /// With a password that logs would show.
    #[error("an address must not hold a user or a password")]
    Credentials,
}

impl Target {
    /// The target in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidTarget> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(InvalidTarget::Shape);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidTarget::Shape)?;
        let scheme = uri.scheme().ok_or(InvalidTarget::Shape)?;
        let is_tls = *scheme == Scheme::HTTPS;
        if !is_tls && *scheme != Scheme::HTTP {
            return Err(InvalidTarget::Scheme);
        }
        let authority = uri.authority().ok_or(InvalidTarget::Shape)?;
        if authority.as_str().contains('@') {
            return Err(InvalidTarget::Credentials);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        // A port that is no number would be taken for the usual one.
        let colon = authority.as_str().len() > authority.host().len();
        if host.is_empty() || (colon && authority.port_u16().is_none()) {
            return Err(InvalidTarget::Shape);
        }
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        Ok(Self { is_tls, host, port, authority: authority.to_string(), path })
    }

    /// The target with `path` after its own.
    pub fn below(&self, path: &str) -> Result<Self, InvalidUri> {
        let path = format!("{}{path}", self.path.path().trim_end_matches('/')).parse()?;
        Ok(Self { path, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_target_is_taken_apart() {
        let target = Target::parse(" https://hooks.example.com/T0/B0?x=1\n").expect("a target");
        let port = (target.is_tls, target.host.as_str(), target.port);
        assert_eq!(port, (true, "hooks.example.com", 443));
        assert_eq!(target.path.as_str(), "/T0/B0?x=1");
        let target = Target::parse("http://[::1]:8080").expect("a target");
        assert_eq!((target.host.as_str(), target.port), ("::1", 8080));
        assert_eq!((target.authority.as_str(), target.path.as_str()), ("[::1]:8080", "/"));
    }

    #[test]
    fn what_is_none_is_refused_without_being_shown() {
        let refused = |text: &str| Target::parse(text).expect_err("refused");
        assert_eq!(refused("hooks.example.com/x"), InvalidTarget::Shape);
        assert_eq!(refused("/x"), InvalidTarget::Shape);
        assert_eq!(refused("https://a b/"), InvalidTarget::Shape);
        assert_eq!(refused("file:///etc/passwd"), InvalidTarget::Shape);
        assert_eq!(refused("ftp://example.com/"), InvalidTarget::Scheme);
        assert_eq!(refused("https://user:pw@example.com/"), InvalidTarget::Credentials);
        assert_eq!(
            refused(&format!("https://example.com/{}", "x".repeat(2048))),
            InvalidTarget::Shape
        );
    }

    #[test]
    fn a_path_goes_on_after_its_own() {
        let below = |base: &str| {
            let target = Target::parse(base).expect("a target").below("/repos/a/b?page=2");
            target.expect("a path").path.to_string()
        };
        assert_eq!(below("https://api.github.com"), "/repos/a/b?page=2");
        assert_eq!(below("https://ghe.example.com/api/v3/"), "/api/v3/repos/a/b?page=2");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(https?://)?[ -~]{0,60}") {
            if let Ok(target) = Target::parse(&text) {
                prop_assert!(!target.host.is_empty() && !target.authority.contains('@'));
            }
        }
    }
}
