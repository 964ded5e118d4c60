//! A synthetic table of card payments, drawn with a seed: twenty columns, of which twelve truly change, one changes too
//! little to matter, and seven do not.

use crate::chance::Chance;
use dataset::Values;
use drift::{Column, Form, Kind};

/// Rows of a group of a Parquet file.
const GROUP: usize = 250_000;

/// A column of the table.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// It truly changes.
    pub(crate) changes: bool,
    draw: Draw,
}

/// A number as it is before the changes, or after them.
type Number = fn(&mut Chance, bool) -> Option<f64>;

/// How values come about.
#[derive(Debug)]
enum Draw {
    Number(Form, Number),
    Text(Shares),
}

/// Texts, each with the sum of the shares up to its own.
#[derive(Debug)]
struct Shares {
    texts: Vec<String>,
    before: Vec<f64>,
    after: Vec<f64>,
}

impl Shares {
    fn new(texts: Vec<String>, before: &[f64], after: &[f64]) -> Self {
        let sums = |shares: &[f64]| {
            let all: f64 = shares.iter().sum();
            let add = |sum: &mut f64, share: &f64| {
                *sum += share / all;
                Some(*sum)
            };
            shares.iter().scan(0.0, add).collect()
        };
        Self { texts, before: sums(before), after: sums(after) }
    }

    /// The place of a text.
    fn draw(&self, chance: &mut Chance, after: bool) -> usize {
        let sums = if after { &self.after } else { &self.before };
        let at = chance.uniform();
        sums.partition_point(|sum| *sum <= at).min(self.texts.len() - 1)
    }
}

/// All columns.
pub(crate) fn features() -> Vec<Feature> {
    let mut all = numbers();
    all.extend(counted());
    all
}

fn number(name: &'static str, changes: bool, form: Form, draw: Number) -> Feature {
    Feature { name, kind: Kind::Num, changes, draw: Draw::Number(form, draw) }
}

fn flag(draw: Number) -> Draw {
    Draw::Number(Form::Whole, draw)
}

fn numbers() -> Vec<Feature> {
    let (real, whole) = (Form::Real, Form::Whole);
    vec![
        number("amount", true, real, |chance, after| {
            let amount = lognormal(chance, if after { 3.75 } else { 3.5 }, 1.1);
            Some((amount * 100.0).round() / 100.0)
        }),
        number("account_age_days", false, whole, |chance, _| {
            Some((400.0 * gamma(chance, 2)).floor())
        }),
        number("hour", true, whole, |chance, after| Some(hour(chance, after))),
        number("n_txn_24h", true, whole, |chance, after| {
            Some(chance.arrivals(if after { 4.0 } else { 3.0 }).into())
        }),
        number("velocity_score", false, real, |chance, _| Some(chance.normal())),
        number("device_risk", true, real, |chance, after| {
            Some(beta(chance, 2, if after { 4 } else { 5 }))
        }),
        number("ip_distance_km", false, real, |chance, _| Some(120.0 * gamma(chance, 1))),
        // A hundredth of a standard deviation: nobody should act on it.
        number("merchant_score", false, real, |chance, after| {
            Some(80.0 * (chance.normal() + if after { 0.01 } else { 0.0 }) + 600.0)
        }),
        number("balance", false, real, |chance, _| {
            some(chance, 0.95, |it| lognormal(it, 7.0, 1.5))
        }),
        // The same mean in another shape.
        number("utilisation", true, real, |chance, after| {
            Some(if after { beta(chance, 2, 2) } else { chance.uniform() })
        }),
        number("constant_col", false, real, |_, _| Some(1.0)),
        number("session_len", true, real, |chance, after| {
            some(chance, if after { 0.8 } else { 0.97 }, |it| 60.0 * it.normal() + 300.0)
        }),
        number("latency_ms", true, real, |chance, after| {
            let usual = 40.0 * (chance.uniform().powf(-1.0 / 3.0) - 1.0) + 50.0;
            Some(if after && chance.uniform() < 0.01 { 10.0 * usual } else { usual })
        }),
    ]
}

fn counted() -> Vec<Feature> {
    let feature = |name: &'static str, changes: bool, draw: Draw| Feature {
        name,
        kind: Kind::Cat,
        changes,
        draw,
    };
    let texts = |names: &str| -> Vec<String> { names.split(' ').map(str::to_owned).collect() };
    let zipf = |n: u32, first: u32, letter: &str| {
        let shares: Vec<f64> = (1..=n).map(|rank| 1.0 / f64::from(rank)).collect();
        let names = (first..first + n).map(|number| format!("{letter}{number:02}")).collect();
        Draw::Text(Shares::new(names, &shares, &shares))
    };
    let moved =
        |names, before: &[f64], after: &[f64]| Draw::Text(Shares::new(texts(names), before, after));
    vec![
        feature("country", false, zipf(30, 0, "C")),
        feature(
            "channel",
            true,
            moved("web app pos atm", &[0.45, 0.35, 0.15, 0.05], &[0.35, 0.45, 0.12, 0.08]),
        ),
        feature(
            "card_type",
            true,
            moved(
                "credit debit prepaid virtual",
                &[0.6, 0.35, 0.05, 0.0],
                &[0.576, 0.336, 0.048, 0.04],
            ),
        ),
        feature(
            "is_foreign",
            true,
            flag(|chance, after| Some(hit(chance, if after { 0.15 } else { 0.12 }))),
        ),
        feature("mcc", false, zipf(200, 5000, "M")),
        feature(
            "browser",
            true,
            moved(
                "chrome safari edge firefox samsung opera other ie",
                &[0.45, 0.2, 0.12, 0.1, 0.05, 0.03, 0.02, 0.03],
                &[0.45, 0.2, 0.12, 0.1, 0.05, 0.03, 0.02, 0.0],
            ),
        ),
        feature(
            "is_fraud",
            true,
            flag(|chance, after| Some(hit(chance, if after { 0.026 } else { 0.017 }))),
        ),
    ]
}

impl Feature {
    /// So many rows of it, as a column that was read.
    pub(crate) fn column(&self, rows: usize, after: bool, chance: &mut Chance) -> Column {
        match &self.draw {
            Draw::Number(form, draw) => {
                let values = (0..rows).filter_map(|_| draw(chance, after)).collect();
                Column::numbers(rows, values, *form)
            }
            Draw::Text(shares) => {
                let mut counts = vec![0; shares.texts.len()];
                for _ in 0..rows {
                    counts[shares.draw(chance, after)] += 1;
                }
                let texts = shares.texts.iter().map(|text| -> Box<str> { text.as_str().into() });
                Column::texts(rows, texts.zip(counts).filter(|(_, count)| *count > 0))
            }
        }
    }

    /// So many rows of it, to be written.
    fn values(&self, rows: usize, after: bool, chance: &mut Chance) -> Values {
        match &self.draw {
            Draw::Number(_, draw) => {
                Values::Numbers((0..rows).map(|_| draw(chance, after)).collect())
            }
            Draw::Text(shares) => {
                let text = |_| Some(shares.texts[shares.draw(chance, after)].clone());
                Values::Texts((0..rows).map(text).collect())
            }
        }
    }
}

/// The table as groups of rows, before the changes or after them.
pub(crate) fn groups(
    rows: usize,
    after: bool,
    seed: u64,
) -> impl Iterator<Item = Vec<(String, Values)>> {
    let (features, mut chance, mut left) = (features(), Chance::new(seed), rows);
    std::iter::from_fn(move || {
        let now = left.min(GROUP);
        left -= now;
        let column =
            |feature: &Feature| (feature.name.to_owned(), feature.values(now, after, &mut chance));
        (now > 0).then(|| features.iter().map(column).collect())
    })
}

fn some(chance: &mut Chance, share: f64, value: fn(&mut Chance) -> f64) -> Option<f64> {
    (chance.uniform() < share).then(|| value(chance))
}

fn hit(chance: &mut Chance, share: f64) -> f64 {
    f64::from(u8::from(chance.uniform() < share))
}

fn lognormal(chance: &mut Chance, mean: f64, deviation: f64) -> f64 {
    (mean + deviation * chance.normal()).exp()
}

/// Of a whole shape: the waiting time for so many arrivals.
fn gamma(chance: &mut Chance, shape: u32) -> f64 {
    -(0..shape).map(|_| chance.uniform()).product::<f64>().ln()
}

fn beta(chance: &mut Chance, a: u32, b: u32) -> f64 {
    let (one, other) = (gamma(chance, a), gamma(chance, b));
    one / (one + other)
}

/// Of a day in which little happens at night; after the change an eighth of it moves there.
fn hour(chance: &mut Chance, after: bool) -> f64 {
    let is_night = chance.uniform() < 0.1 || (after && chance.uniform() < 0.12);
    let hours = if is_night { 7.0 } else { 17.0 };
    let first = if is_night { 0.0 } else { 7.0 };
    first + (hours * chance.uniform()).floor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use drift::{Judge, Methods, Mode, Pair, Verdict};

    fn drifted(rows: usize, after: bool) -> Vec<&'static str> {
        let (features, mut chance) = (features(), Chance::new(7));
        let mut judge = Judge::new(Mode::Slipway, Methods::Deciding, 200);
        for feature in &features {
            let reference = feature.column(rows, false, &mut chance);
            let current = feature.column(rows, after, &mut chance);
            let (reference, current) = (Some(&reference), Some(&current));
            let (name, kind) = (feature.name, Some(feature.kind));
            judge.add(Pair { name, kind, importance: 1.0, reference, current });
        }
        let columns = judge.report().columns;
        let told = |(_, column): &(_, &drift::ColumnReport)| column.verdict == Verdict::Drift;
        features.iter().zip(&columns).filter(told).map(|(feature, _)| feature.name).collect()
    }

    #[test]
    fn twelve_columns_change_and_with_enough_rows_those_are_told() {
        let truth: Vec<_> = features().iter().filter(|it| it.changes).map(|it| it.name).collect();
        assert_eq!((truth.len(), features().len()), (12, 20));
        assert_eq!(drifted(50_000, true), truth);
        assert_eq!(drifted(50_000, false), Vec::<&str>::new());
    }

    #[test]
    fn a_table_has_all_rows_and_the_same_seed_gives_the_same() {
        let lengths = |rows| -> Vec<usize> {
            let length = |group: Vec<(String, Values)>| match &group[0].1 {
                Values::Numbers(values) => values.len(),
                Values::Texts(values) => values.len(),
            };
            groups(rows, true, 1).map(length).collect()
        };
        assert_eq!(lengths(300_000), [250_000, 50_000]);
        assert!(groups(100, true, 1).eq(groups(100, true, 1)));
    }
}
