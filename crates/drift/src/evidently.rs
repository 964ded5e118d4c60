//! Evidently's way, for those who must compare: its choice of a method, and its word on a whole table.

use crate::kind::Kind;
use crate::measure::Compared;
use crate::method::Method;

/// Up to so many values of the reference it tests; above it measures distances.
const TESTED_TO: usize = 1000;
/// A table drifted when so many of its columns did.
pub(crate) const DRIFTED_SHARE: f64 = 0.5;

/// The method it chooses for a column whose reference has `n` values.
pub(crate) fn choice(kind: Kind, n: usize, compared: &Compared<'_>) -> Option<Method> {
    let is_large = n > TESTED_TO;
    let chosen = match (kind, compared.distinct) {
        (Kind::Text | Kind::Other, _) => return None,
        (Kind::Num, 6..) if is_large => Method::Wasserstein,
        (Kind::Num, 6..) => Method::Ks,
        _ if is_large => Method::JensenShannon,
        (_, ..=2) => Method::Z,
        (_, 3..) => Method::ChiSquare,
    };
    Some(chosen)
}
