//! Who sends a request, as far as limits go: the address it comes from, or what a trusted proxy says of it. Pure.

use http::HeaderMap;
use std::net::{IpAddr, Ipv6Addr};

/// Where a proxy says who asked it.
const FORWARDED: &str = "x-forwarded-for";

/// An address, or the network of one: who has one IPv6 address has 2^64 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Peer(IpAddr);

/// Addresses whose word about who asks is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpAddr>);

/// Not a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address")]
pub struct InvalidProxy(String);

impl std::str::FromStr for Proxies {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let address = |word: &str| word.parse().map_err(|_| InvalidProxy(word.to_owned()));
        words.map(address).collect::<Result<_, _>>().map(Self)
    }
}

impl Peer {
    /// Who sent a request that came from `address`.
    pub(crate) fn of(address: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let address = address.to_canonical();
        let told = proxies.0.contains(&address).then(|| told(headers)).flatten();
        Self(network(told.unwrap_or(address).to_canonical()))
    }
}

/// The last one named: what stands before it was said by whoever asked.
fn told(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED).iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, http::HeaderValue::from_static(value));
        }
        let proxies = "10.0.0.1, ::1".parse().expect("addresses");
        Peer::of(address.parse().expect("an address"), &headers, &proxies).0.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_who_asks() {
        assert_eq!(peer("192.0.2.7", &["203.0.113.9"]), "192.0.2.7");
        assert_eq!(peer("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(peer("10.0.0.1", &["1.1.1.1, 2.2.2.2", "3.3.3.3 , 203.0.113.9"]), "203.0.113.9");
        assert_eq!(peer("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(peer("::ffff:10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_network_is_one_peer() {
        assert_eq!(peer("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(peer("2001:db8:1:2::9", &[]), peer("2001:db8:1:2:ffff::", &[]));
    }

    #[test]
    fn a_word_that_is_no_address_is_named() {
        let refused = "10.0.0.1, proxy".parse::<Proxies>().expect_err("not an address");
        assert_eq!(refused.to_string(), "\"proxy\" is not an address");
    }
}
