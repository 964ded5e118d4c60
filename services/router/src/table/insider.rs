//! Requests that a candidate answers whatever its share is, by what they show. Pure.

use super::parse::Violations;
use super::sticky::{address, cookie};
use crate::network::Network;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use proto::v1;
use std::net::IpAddr;

/// Whose requests they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insider {
    /// With one of these values in a header.
    Header(HeaderName, Vec<String>),
    /// With one of these values in a cookie.
    Cookie(String, Vec<String>),
    /// From one of these networks.
    Address(Vec<Network>),
}

impl Insider {
    pub(super) fn parse(at: &str, wire: &v1::Insider, found: &mut Violations) -> Option<Self> {
        let v1::Insider { header, cookie, values, networks } = wire;
        match (header.as_str(), cookie.as_str(), values.as_slice(), networks.as_slice()) {
            (header, "", [_, ..], []) if !header.is_empty() => {
                let name = found.take(&format!("{at}.header"), header.parse());
                Some(Self::Header(name?, values.clone()))
            }
            ("", cookie, [_, ..], []) if !cookie.is_empty() => {
                Some(Self::Cookie(cookie.to_owned(), values.clone()))
            }
            ("", "", [], [_, ..]) => {
                let network = |(i, text): (usize, &String)| {
                    found.take(&format!("{at}.networks[{i}]"), text.parse())
                };
                Some(Self::Address(networks.iter().enumerate().filter_map(network).collect()))
            }
            _ => {
                found.add(at, "must be values of a header or of a cookie, or networks");
                None
            }
        }
    }

    /// Whether a request is one of these. The headers are those that go to the instance.
    pub(crate) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let is_one =
            |values: &[String], shown: &[u8]| values.iter().any(|it| it.as_bytes() == shown);
        match self {
            Self::Header(name, values) => {
                let mut shown = headers.get_all(name).iter().map(HeaderValue::as_bytes);
                shown.any(|shown| is_one(values, shown))
            }
            Self::Cookie(name, values) => {
                cookie(headers, name).is_some_and(|shown| is_one(values, shown))
            }
            Self::Address(networks) => from(headers)
                .is_some_and(|from| networks.iter().any(|network| network.contains(from))),
        }
    }
}

fn from(headers: &HeaderMap) -> Option<IpAddr> {
    std::str::from_utf8(address(headers)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insider(header: &str, cookie: &str, networks: &[&str]) -> v1::Insider {
        let values = ["yes", "often"].map(str::to_owned);
        v1::Insider {
            header: header.to_owned(),
            cookie: cookie.to_owned(),
            values: if networks.is_empty() { values.to_vec() } else { Vec::new() },
            networks: networks.iter().map(|&network| network.to_owned()).collect(),
        }
    }

    fn parsed(wire: &v1::Insider) -> Insider {
        let mut found = Violations::default();
        let parsed = Insider::parse("insider", wire, &mut found);
        assert_eq!(found.count(), 0);
        parsed.expect("one")
    }

    /// What of these headers a request shows, one after the other.
    fn shown<const N: usize>(insider: &v1::Insider, all: [(&'static str, &str); N]) -> [bool; N] {
        let insider = parsed(insider);
        all.map(|(name, value)| {
            let value = HeaderValue::from_str(value).expect("a value");
            insider.is_shown(&[(HeaderName::from_static(name), value)].into_iter().collect())
        })
    }

    #[test]
    fn insiders_show_one_of_the_values() {
        let header = insider("x-beta", "", &[]);
        let seen = shown(&header, [("x-beta", "often"), ("x-beta", "no"), ("x-other", "yes")]);
        assert_eq!(seen, [true, false, false]);
        let cookie = insider("", "beta", &[]);
        let seen = [("cookie", "a=1; beta=yes"), ("cookie", "beta=yess"), ("cookie", "xbeta=yes")];
        assert_eq!(shown(&cookie, seen), [true, false, false]);
    }

    #[test]
    fn insiders_come_from_one_of_the_networks() {
        let inside = insider("", "", &["10.0.0.0/8", "fd00::/8"]);
        let seen = ["10.1.2.3", "10.1.2.3, 192.0.2.1", "192.0.2.9, 10.0.0.1", "fd00::7", "unknown"];
        let seen = seen.map(|chain| ("x-forwarded-for", chain));
        // The last is the proxy that is trusted, where there are two.
        assert_eq!(shown(&inside, seen), [true, true, false, true, false]);
    }

    #[test]
    fn what_means_nobody_or_two_things_is_refused() {
        let refused = |wire: v1::Insider| {
            let mut found = Violations::default();
            Insider::parse("insider", &wire, &mut found);
            found.count()
        };
        let nobody = v1::Insider { header: "x".to_owned(), ..v1::Insider::default() };
        let wrong = [
            v1::Insider::default(),
            nobody,
            insider("x", "y", &[]),
            insider("x", "", &["::/0"]),
            insider("", "", &["home"]),
            insider("a b", "", &[]),
        ];
        assert_eq!(wrong.map(refused), [1; 6]);
    }
}
