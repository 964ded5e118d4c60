//! A request as it is sent to one of two releases. Pure.

use manifest::{HostName, SyntheticRequest, Text};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How we are called.
pub(super) const AGENT: &str = concat!("slipway-synthetic/", env!("CARGO_PKG_VERSION"));

/// Who a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Candidate,
    Stable,
}

/// Where the users of an environment send their requests.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Where the router listens.
    pub(crate) router: SocketAddr,
    pub(crate) host: HostName,
    /// What addresses one release.
    pub(crate) token: String,
}

impl Place {
    /// An address that can be connected to: a router that listens everywhere listens here.
    pub(super) fn address(&self) -> SocketAddr {
        let ip = self.router.ip();
        let here: IpAddr = match ip {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        SocketAddr::new(if ip.is_unspecified() { here } else { ip }, self.router.port())
    }

    /// The headers of `request`, with those that only Slipway sends.
    pub(super) fn headers(&self, request: &SyntheticRequest, side: Side) -> BTreeMap<Text, Text> {
        let to = match side {
            Side::Candidate => "slipway-candidate",
            Side::Stable => "slipway-stable",
        };
        // Every name below any other will do.
        let host = self.host.as_str().replace('*', "synthetic");
        let own = [("host", host.as_str()), ("slipway-synthetic", "1")];
        let own = own.into_iter().chain([(to, self.token.as_str())]);
        let own = own
            .filter_map(|(name, value)| Some((Text::parse(name).ok()?, Text::parse(value).ok()?)));
        request.headers.clone().into_iter().chain(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::{Call, RequestPath};

    fn place(router: &str) -> Place {
        Place {
            router: router.parse().expect("an address"),
            host: HostName::parse("*.shop.example").expect("a host"),
            token: "0123456789abcdef".to_owned(),
        }
    }

    #[test]
    fn a_request_says_whose_it_is_and_whom_it_is_for() {
        let text = |text: &str| Text::parse(text).expect("a text");
        let request = SyntheticRequest {
            call: Call::Get(RequestPath::parse("/").expect("a path")),
            json: None,
            headers: [(text("accept"), text("text/html"))].into(),
        };
        let said = |side| {
            let headers = place("0.0.0.0:8080").headers(&request, side).into_iter();
            headers.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        let stable = said(Side::Stable).join(", ");
        assert!(
            stable.starts_with("accept: text/html, host: synthetic.shop.example, "),
            "{stable}"
        );
        assert!(
            stable.contains("slipway-stable: 0123456789abcdef, slipway-synthetic: 1"),
            "{stable}"
        );
        let candidate = said(Side::Candidate).join(", ");
        assert!(candidate.contains("slipway-candidate: 0123456789abcdef"), "{candidate}");
    }

    #[test]
    fn a_router_that_listens_everywhere_is_here() {
        let address = |router| place(router).address().to_string();
        assert_eq!(address("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(address("[::]:80"), "[::1]:80");
        assert_eq!(address("10.0.0.7:80"), "10.0.0.7:80");
    }
}
