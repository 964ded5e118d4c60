//! What every column is suspected of besides another distribution: more nulls, values of another type or out of range, new and vanished
//! values. Each is a test with an effect below which it does not matter.

use crate::categories::{Categories, Category};
use crate::column::{Column, Form};
use crate::effect::Effect;
use crate::finding::{Code, Finding, Gravity, clipped};
use crate::method::Method;
use crate::proportion;
use crate::special::normal;
use crate::ties::Samples;

/// A share of nulls must move by so much, and so must one of values of another type.
const NULLS_FLOOR: f64 = 0.01;
/// So many of the rows must be out of range, new, or vanished.
const ROWS_FLOOR: f64 = 0.001;
/// More values are counted and not named.
const MOST_NAMED: usize = 10;

/// It may have drifted: it did if chance is unlikely to give as much, and the effect reaches the floor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suspicion {
    pub(crate) p: f64,
    pub(crate) effect: f64,
    pub(crate) floor: f64,
    /// What to say of a distribution.
    told: String,
    /// What to say of all else.
    pub(crate) finding: Option<Finding>,
    /// It is said also when nothing follows.
    pub(crate) is_always_told: bool,
}

impl Suspicion {
    /// That the distribution changed, by a test and the effect that goes with it.
    pub(crate) fn of_distribution(method: Method, p: f64, effect: Effect) -> Self {
        let Effect { name, size, bar } = effect;
        let told =
            format!("{} p = {p:.3e}, {name} {size:.4} (matters from {bar:.4} on)", method.id());
        Self { p, effect: size, floor: bar, told, finding: None, is_always_told: false }
    }

    /// What it says.
    pub(crate) fn sentence(&self) -> String {
        self.finding.as_ref().map_or_else(|| self.told.clone(), |it| it.message.clone())
    }

    /// It is a suspicion of this.
    pub(crate) fn is_of(&self, code: Code) -> bool {
        self.finding.as_ref().is_some_and(|finding| finding.code == code)
    }

    /// The effect is large enough.
    pub(crate) fn matters(&self, importance: f64) -> bool {
        importance > 0.0 && self.effect >= self.floor
    }

    fn of(finding: Finding, p: f64, effect: f64, floor: f64) -> Self {
        let finding = Finding { p_value: Some(p), ..finding };
        let told = String::new();
        Self { p, effect, floor, told, finding: Some(finding), is_always_told: false }
    }
}

/// The shares of rows without a value, and of those with one of another type.
pub(crate) fn nulls(name: &str, reference: &Column, current: &Column) -> Vec<Suspicion> {
    let share = |code, what: &str, of: fn(&Column) -> usize| {
        let these = (crate::count(of(reference)), crate::count(of(current)));
        let rows = (crate::count(reference.rows), crate::count(current.rows));
        if these.0 + these.1 <= 0.0 || rows.0 <= 0.0 || rows.1 <= 0.0 {
            return None;
        }
        let shares = (these.0 / rows.0, these.1 / rows.1);
        let z = proportion::z(these, rows);
        let p = if z.is_nan() { 1.0 } else { 2.0 * normal::above(z.abs()) };
        let (now, before) = (percent(shares.1), percent(shares.0));
        let message = format!("{now} of the rows have {what}, {before} of the reference");
        let mut finding = Finding::new(name, code, Gravity::Notice, message);
        finding.count = of(current);
        let effect = (shares.1 - shares.0).abs();
        Some(Suspicion::of(finding, p, effect, NULLS_FLOOR))
    };
    let missing = share(Code::NullShare, "no value", |column| column.missing);
    let mistyped = share(Code::TypeChanged, "a value of another type", |column| column.mistyped);
    missing.into_iter().chain(mistyped).collect()
}

/// Values below or above all of the reference.
pub(crate) fn range(name: &str, samples: Samples<'_>) -> Option<Suspicion> {
    let (low, high) = (*samples.reference.first()?, *samples.reference.last()?);
    let below = samples.current.partition_point(|value| *value < low);
    let above = samples.current.len() - samples.current.partition_point(|value| *value <= high);
    let sizes = samples.sizes();
    let p = (2.0 * all_of_one(below, sizes).min(all_of_one(above, sizes))).min(1.0);
    let count = below + above;
    let effect = crate::count(count) / sizes.1;
    let message = format!("{count} values ({}) lie outside {low} .. {high}", percent(effect));
    let mut finding = Finding::new(name, Code::OutOfRange, Gravity::Notice, message);
    finding.count = count;
    Some(Suspicion::of(finding, p, effect, ROWS_FLOOR))
}

/// Values that only the current rows have, or only the reference.
pub(crate) fn values(name: &str, categories: &Categories, form: Form) -> [Option<Suspicion>; 2] {
    let (n1, n2) = categories.sizes;
    let side = |code,
                is_here: fn(&Category) -> bool,
                count: fn(&Category) -> f64,
                sizes: (f64, f64)| {
        let mut these: Vec<&Category> = categories.all.iter().filter(|it| is_here(it)).collect();
        these.sort_by(|a, b| count(b).total_cmp(&count(a)));
        let most = these.first().map(|it| count(it))?;
        let rows: f64 = these.iter().map(|it| count(it)).sum();
        let chance = all_of_one(whole(most), sizes) * crate::count(categories.all.len());
        let named: Vec<_> = these.iter().take(MOST_NAMED).map(|it| it.key.shown(form)).collect();
        let (word, effect) = (if code == Code::NewValues { "new" } else { "gone" }, rows / sizes.1);
        let more = if these.len() > MOST_NAMED { ", ..." } else { "" };
        let told: Vec<_> = named.iter().map(|value| clipped(value)).collect();
        let list = format!("{}{more}", told.join(", "));
        let message = format!("{} {word} ({} of the rows): {list}", these.len(), percent(effect));
        let mut finding = Finding::new(name, code, Gravity::Notice, message);
        let p = chance.min(1.0);
        finding.count = these.len();
        finding.values = named;
        let suspicion = Suspicion::of(finding, p, effect, ROWS_FLOOR);
        Some(Suspicion { is_always_told: true, ..suspicion })
    };
    [
        side(Code::NewValues, |it| it.reference <= 0.0, |it| it.current, (n1, n2)),
        side(Code::VanishedValues, |it| it.current <= 0.0, |it| it.reference, (n2, n1)),
    ]
}

/// The probability that certain `count` values of both together are all of the second sample.
fn all_of_one(count: usize, (n1, n2): (f64, f64)) -> f64 {
    let mut p = 1.0;
    for i in 0..count {
        let i = crate::count(i);
        p *= (n2 - i) / (n1 + n2 - i);
        if p < 1e-300 {
            return 0.0;
        }
    }
    p
}

/// A share for people.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(value: f64) -> usize {
    value as usize
}
