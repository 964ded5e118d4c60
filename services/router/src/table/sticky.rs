//! Who a request is from, as far as shares of traffic go: the same client gets the same release. Pure.
//!
//! Invariant: with the candidate last among the targets, a client that has it keeps it as its share grows.

use super::parse::Violations;
use crate::headers::FORWARDED_FOR;
use crate::spread::spread;
use events::ReleaseId;
use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};
use proto::v1;

/// By what requests of one client are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sticky {
    /// The value of a header.
    Header(HeaderName),
    /// The value of a cookie.
    Cookie(String),
    /// The address they come from.
    Address,
}

impl Sticky {
    pub(super) fn parse(at: &str, wire: &v1::Sticky, found: &mut Violations) -> Option<Self> {
        match (wire.header.as_str(), wire.cookie.as_str(), wire.address) {
            ("", "", true) => Some(Self::Address),
            ("", cookie, false) if !cookie.is_empty() => Some(Self::Cookie(cookie.to_owned())),
            (header, "", false) if !header.is_empty() => {
                found.take(&format!("{at}.sticky.header"), header.parse()).map(Self::Header)
            }
            _ => {
                found.add(format!("{at}.sticky"), "must be one of header, cookie, address");
                None
            }
        }
    }

    /// Where requests of a client fall among the shares while `candidate` has one: uniform over clients, always the
    /// same for one, and another for the next candidate. Nothing when a request does not say who it is from. The
    /// headers are those that go to the instance.
    pub(crate) fn roll(&self, candidate: ReleaseId, headers: &HeaderMap) -> Option<u64> {
        let client = match self {
            Self::Header(name) => headers.get(name)?.as_bytes(),
            Self::Cookie(name) => cookie(headers, name)?,
            Self::Address => address(headers)?,
        };
        (!client.is_empty()).then(|| place(candidate, client))
    }
}

pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let all = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    all.flat_map(|value| value.split(|&byte| byte == b';'))
        .find_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// Who a trusted proxy says it is, else who is connected: the last but one, or the only one.
pub(super) fn address(headers: &HeaderMap) -> Option<&[u8]> {
    let chain = headers.get(FORWARDED_FOR)?.as_bytes();
    let mut from_here = chain.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let nearest = from_here.next()?;
    Some(from_here.next().unwrap_or(nearest))
}

fn place(candidate: ReleaseId, client: &[u8]) -> u64 {
    spread(candidate.uuid().as_bytes(), client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choose::target;
    use proptest::prelude::*;

    fn release(n: u128) -> ReleaseId {
        ReleaseId::new(uuid::Uuid::from_u128(n))
    }

    /// Whether a client has the candidate that has so many percent.
    fn has(candidate: u128, client: &[u8], percent: u32) -> bool {
        let place = place(release(candidate), client);
        target([100 - percent, percent].into_iter(), place) == Some(1)
    }

    fn of_many(has: impl Fn(&[u8]) -> bool) -> usize {
        (0..100_000_u32).filter(|client| has(client.to_string().as_bytes())).count()
    }

    proptest! {
        #[test]
        fn who_has_the_candidate_keeps_it_as_its_share_grows(
            salt: u128, client: Vec<u8>, one in 0_u32..=100, other in 0_u32..=100,
        ) {
            let (small, large) = (one.min(other), one.max(other));
            prop_assert!(!has(salt, &client, small) || has(salt, &client, large));
        }
    }

    #[test]
    fn so_many_clients_have_the_candidate_as_its_share_says() {
        for percent in [1, 10, 50, 90] {
            let wanted = f64::from(percent) * 1000.0;
            // Four standard deviations.
            let allowed = 4.0 * (wanted * (1.0 - f64::from(percent) / 100.0)).sqrt();
            let found = of_many(|client| has(7, client, percent));
            let found = f64::from(u32::try_from(found).expect("few"));
            assert!((found - wanted).abs() < allowed, "{found} of {wanted}");
        }
    }

    #[test]
    fn the_first_of_one_candidate_are_not_the_first_of_the_next() {
        let both = of_many(|client| has(7, client, 10) && has(8, client, 10));
        assert!(both.abs_diff(1000) < 130, "{both}");
    }

    fn headers(named: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        named.iter().map(pair).collect()
    }

    #[test]
    fn a_client_is_known_by_what_it_shows() {
        let shown = headers(&[
            ("x-user", "ada"),
            ("cookie", "a=1; visitor=ada; visitors=2"),
            ("x-forwarded-for", "1.1.1.1, ada, 10.0.0.1"),
        ]);
        let user = Sticky::Header(HeaderName::from_static("x-user"));
        let all = [user, Sticky::Cookie("visitor".to_owned()), Sticky::Address];
        let by_hand = Some(place(release(7), b"ada"));
        assert!(all.iter().all(|sticky| sticky.roll(release(7), &shown) == by_hand));
        assert!(all.iter().all(|sticky| sticky.roll(release(7), &HeaderMap::new()).is_none()));
    }

    #[test]
    fn without_a_proxy_the_address_is_the_only_one() {
        let direct = headers(&[("x-forwarded-for", "10.0.0.1")]);
        let by_hand = Some(place(release(7), b"10.0.0.1"));
        assert_eq!(Sticky::Address.roll(release(7), &direct), by_hand);
    }
}
