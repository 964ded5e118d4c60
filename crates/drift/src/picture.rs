//! How values lie, for a small picture: shares of rows in a few bins, or of the values with most rows.

use crate::bins::{even, histograms};
use crate::categories::{Categories, Category};
use crate::column::Form;
use crate::finding::clipped;
use crate::report::Plot;
use crate::ties::Samples;

const BINS: f64 = 24.0;
const VALUES: usize = 12;
/// What lies beyond these shares of both is drawn at the edge, so that a far value does not hide all others.
const EDGES: (f64, f64) = (0.005, 0.995);

pub(crate) fn of_numbers(samples: Samples<'_>) -> Option<Plot> {
    let (least, greatest) = samples.range()?;
    let (n1, n2) = samples.sizes();
    let ends = |sorted: &[f64]| Some((*at(sorted, EDGES.0)?, *at(sorted, EDGES.1)?));
    let (one, other) = (ends(samples.reference), ends(samples.current));
    let (one, other) = (one.or(other)?, other.or(one)?);
    let (low, high) = (one.0.min(other.0), one.1.max(other.1));
    let (low, high) = if low < high { (low, high) } else { (least, greatest) };
    let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
    let edges = even(low, high, BINS);
    let mut open = edges.clone();
    let last = open.len() - 1;
    (open[0], open[last]) = (least.min(low), greatest.max(high));
    let (reference, current) = histograms(samples, &open);
    let share = |counts: Vec<f64>, n: f64| counts.into_iter().map(|count| count / n).collect();
    let (reference, current) = (share(reference, n1), share(current, n2));
    Some(Plot { edges, values: Vec::new(), reference, current })
}

/// The value at this share of all.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
fn at(sorted: &[f64], share: f64) -> Option<&f64> {
    sorted.get((crate::count(sorted.len()) * share) as usize)
}

pub(crate) fn of_categories(categories: &Categories, form: Form) -> Plot {
    let (n1, n2) = categories.sizes;
    let share = |count: f64, n: f64| if n > 0.0 { count / n } else { 0.0 };
    let weight = |it: &Category| share(it.reference, n1) + share(it.current, n2);
    let mut most: Vec<&Category> = categories.all.iter().collect();
    most.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let shown = |it: &&Category| clipped(&it.key.shown(form));
    let mut values: Vec<_> = most.iter().take(VALUES).map(shown).collect();
    let shares = |side: fn(&Category) -> f64, n: f64| {
        let mut shares: Vec<_> = most.iter().take(VALUES).map(|it| share(side(it), n)).collect();
        let rest = most.iter().skip(VALUES).map(|it| side(it)).sum();
        if most.len() > VALUES {
            shares.push(share(rest, n));
        }
        shares
    };
    let (reference, current) = (shares(|it| it.reference, n1), shares(|it| it.current, n2));
    if most.len() > VALUES {
        values.push(format!("{} others", most.len() - VALUES));
    }
    Plot { edges: Vec::new(), values, reference, current }
}
