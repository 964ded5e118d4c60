//! Hosts and paths as routes name them and as requests bring them.

use std::borrow::Cow;

/// Which hosts a route serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// This host, in lower case.
    Exact(String),
    /// `*.example.com`, kept as `example.com`: any host below it, not itself.
    Suffix(String),
    /// `*`
    Any,
}

/// Why a text is not a host pattern or a path prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHost {
    /// Not a host.
    #[error("host {0:?} is not valid: use a name as shop.example.com, *.example.com, or *")]
    Host(String),
    /// Not a path prefix.
    #[error("path prefix {0:?} is not valid: start it with / and leave out ? and #")]
    Path(String),
}

impl HostPattern {
    /// Parses an exact host, `*.example.com` or `*`.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (name, wildcard) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let host = name.trim_end_matches('.').to_ascii_lowercase();
        if !is_host(&host) {
            return Err(InvalidHost::Host(text.chars().take(253).collect()));
        }
        Ok(if wildcard { Self::Suffix(host) } else { Self::Exact(host) })
    }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.len() <= 253 && (host.split('.').all(label) || is_ipv6(host))
}

fn is_ipv6(host: &str) -> bool {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
}

/// Whether `host` is below `suffix`: `a.example.com` is below `example.com`, `example.com` and `xexample.com` are not.
pub(super) fn ends_with_label(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// The host of a `Host` header or an authority in normal form: no port, no trailing dot, lower case.
pub fn normal_host(authority: &str) -> Cow<'_, str> {
    let without_port = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
        _ => authority,
    };
    let host = without_port.strip_suffix('.').unwrap_or(without_port);
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// Which paths a route serves; `/` serves all. Kept without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Parses a prefix; an empty one means `/`.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        let valid = text.is_empty() || text.starts_with('/');
        let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#');
        if !valid || !plain || text.len() > 1024 {
            return Err(InvalidHost::Path(text.chars().take(200).collect()));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// Whether `path` is this prefix or below it: `/api` covers `/api` and `/api/x`, not `/apix`.
    pub fn covers(&self, path: &str) -> bool {
        path.strip_prefix(self.0.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What is left of a path that it covers.
    pub fn strip<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.0.as_str()).filter(|rest| !rest.is_empty()).unwrap_or("/")
    }

    /// How specific it is.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl std::fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}
