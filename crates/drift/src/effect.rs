//! From which effect on a difference matters: a floor, and what chance alone gives for so many values and bins.

use crate::categories::Categories;
use crate::measure::Compared;
use crate::method::Method;
use crate::report::Mode;

/// A tenth of a standard deviation.
const WASSERSTEIN: f64 = 0.1;
/// Of distances between shares whose squares add up.
const SHARES: f64 = 0.05;
/// Of divergences: what is called a small shift.
const DIVERGENCE: f64 = 0.1;
/// A share of two values must change by a tenth of the rarer one.
const RELATIVE: f64 = 0.1;

/// How far a column is, and from where on that matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    pub(crate) name: &'static str,
    pub(crate) size: f64,
    pub(crate) bar: f64,
}

/// The effect that decides. Columns that are more important have lower bars.
pub(crate) fn deciding(compared: &Compared<'_>, method: Method, importance: f64) -> Option<Effect> {
    let is_share = compared.categories.as_ref().filter(|it| it.all.len() <= 2);
    if let Some(categories) = is_share.filter(|_| method == Method::Z) {
        let size = relative_change(categories);
        return Some(Effect { name: "relative change", size, bar: RELATIVE / importance });
    }
    let size = compared.measure(method, Mode::Slipway).ok()?.score;
    Some(Effect { name: method.id(), size, bar: bar(compared, method, importance)? })
}

fn relative_change(categories: &Categories) -> f64 {
    let ((n1, n2), (hits1, hits2)) = (categories.sizes, categories.hits());
    let (before, now) = (hits1 / n1, hits2 / n2);
    (now - before).abs() / before.min(1.0 - before)
}

/// From where on a distance matters; nothing for tests.
pub(crate) fn bar(compared: &Compared<'_>, method: Method, importance: f64) -> Option<f64> {
    if !method.is_distance() {
        return None;
    }
    let floor = |floor: f64| floor / importance;
    if method == Method::Wasserstein {
        return Some(compared.distances().ok()?.wasserstein_bar(floor(WASSERSTEIN)));
    }
    if method == Method::Energy {
        return Some(compared.distances().ok()?.energy_bar(floor(WASSERSTEIN)));
    }
    let shares = compared.shares().ok()?;
    let hit = shares.reference.iter().zip(&shares.current).filter(|(r, c)| *r + *c > 0.0).count();
    let (n1, n2) = compared.sizes();
    let noise = (crate::count(hit) - 1.0) * (1.0 / n1 + 1.0 / n2);
    if method == Method::Psi {
        return Some(floor(DIVERGENCE) + noise);
    }
    if method == Method::KlDiv {
        return Some(floor(DIVERGENCE) + noise / 2.0);
    }
    Some((floor(SHARES).powi(2) + noise / 8.0).sqrt())
}
