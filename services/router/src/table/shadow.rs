//! What a candidate without users is asked, and what that may cost.

use super::parse::{Violations, span};
use super::pointer::Pointer;
use http::Method;
use proto::v1;
use std::time::Duration;

/// How long an answer may take when the table does not say; nobody waits for it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// All requests, in basis points.
const ALL: u32 = 10_000;

/// The candidate of a route gets copies of requests that went to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// So many of 10000 requests.
    pub share: u32,
    /// Of these methods.
    pub methods: Vec<Method>,
    /// Bytes of a request that is copied, and of an answer that is compared.
    pub max_body: usize,
    /// Until the end of the candidate's answer.
    pub timeout: Duration,
    /// How many requests are copied at once.
    pub max_copies: u64,
    /// What of JSON answers is not compared.
    pub ignored: Vec<Pointer>,
    /// An answer is slower that took so much longer than the other one, in basis points.
    pub slower_by: u32,
}

impl Shadow {
    pub(super) fn parse(at: &str, wire: &v1::Shadow, found: &mut Violations) -> Self {
        let at = format!("{at}.shadow");
        if !(1..=ALL).contains(&wire.share_basis_points) {
            found.add(format!("{at}.share_basis_points"), "must be 1 to 10000");
        }
        let (mut methods, mut ignored) = (Vec::new(), Vec::new());
        for (i, method) in wire.methods.iter().enumerate() {
            methods.extend(found.take(&format!("{at}.methods[{i}]"), method.parse::<Method>()));
        }
        for (i, pointer) in wire.ignored_pointers.iter().enumerate() {
            let field = format!("{at}.ignored_pointers[{i}]");
            ignored.extend(found.take(&field, Pointer::parse(pointer)));
        }
        Self {
            share: wire.share_basis_points,
            methods,
            max_body: usize::try_from(wire.max_body_bytes).unwrap_or(usize::MAX),
            timeout: span(&format!("{at}.timeout"), wire.timeout, TIMEOUT, found),
            max_copies: wire.max_copies.into(),
            ignored,
            slower_by: wire.slower_by_basis_points,
        }
    }

    /// Whether a request of `method` is copied; `roll` is uniform over all values.
    pub(crate) fn takes(&self, method: &Method, roll: u64) -> bool {
        let place = (u128::from(roll) * u128::from(ALL)) >> 64;
        place < u128::from(self.share) && self.methods.contains(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::{route, table};

    fn shadow(share: u32) -> Shadow {
        let wire = v1::Shadow {
            share_basis_points: share,
            methods: vec!["GET".to_owned()],
            ..v1::Shadow::default()
        };
        Shadow::parse("routes[0]", &wire, &mut Violations::default())
    }

    #[test]
    fn so_many_requests_are_copied_as_the_share_says() {
        let rolls = (0..10_000_u64).map(|n| n * (u64::MAX / 10_000));
        for share in [1, 1_000, 10_000] {
            let shadow = shadow(share);
            let copied = rolls.clone().filter(|&roll| shadow.takes(&Method::GET, roll)).count();
            assert!(copied.abs_diff(share as usize) <= 1, "{copied} of {share}");
        }
        assert!(!shadow(10_000).takes(&Method::POST, 0));
    }

    #[test]
    fn what_is_wrong_with_it_is_told_with_the_rest() {
        let mut wire = route("shop").host("*").made();
        wire.shadow = Some(v1::Shadow {
            methods: vec!["G T".to_owned()],
            ignored_pointers: vec!["at".to_owned()],
            ..v1::Shadow::default()
        });
        let wire = v1::RouteTable { generation: 1, routes: vec![wire], ..Default::default() };
        let error = crate::table::RouteTable::try_from(&wire).expect_err("an invalid table");
        insta::assert_snapshot!(error, @r#"the route table is not valid: routes[0].shadow.share_basis_points: must be 1 to 10000; routes[0].shadow.methods[0]: invalid HTTP method; routes[0].shadow.ignored_pointers[0]: pointer "at" is not valid: start it with /"#);
        assert!(table([route("shop").host("*")]).routes[0].shadow.is_none());
    }
}
