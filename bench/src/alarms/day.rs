//! One simulated day: what is drawn, and what both judges say of it.

use crate::chance::Chance;
use crate::fraud::Feature;
use drift::{Judge, LEAST_VALUES, Methods, Mode, Pair, Verdict};

pub(super) const JUDGES: [&str; 2] = ["ours", "Evidently"];
const MODES: [Mode; 2] = [Mode::Slipway, Mode::Evidently];

/// A day of one of the sizes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    /// The place of the size.
    pub(super) size: usize,
    /// Of the reference and of the day.
    pub(super) rows: (usize, usize),
    /// With all changes.
    pub(super) after: bool,
    pub(super) number: usize,
}

/// What a judge says of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    table: bool,
    /// By feature.
    columns: Vec<bool>,
}

/// How often it is said, by judge.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) days: usize,
    table: [usize; 2],
    any: [usize; 2],
    columns: [Vec<usize>; 2],
}

/// Draws the day and asks both.
pub(super) fn look(day: &Day, features: &[Feature]) -> [Said; 2] {
    let place = 2 * day.size + usize::from(day.after);
    let seed = u64::try_from(day.number << 8 | place).unwrap_or(0);
    let mut chance = Chance::new(seed);
    let mut judges = MODES.map(|mode| Judge::new(mode, Methods::Deciding, LEAST_VALUES));
    for feature in features {
        let reference = feature.column(day.rows.0, false, &mut chance);
        let current = feature.column(day.rows.1, day.after, &mut chance);
        for judge in &mut judges {
            judge.add(Pair {
                name: feature.name,
                kind: Some(feature.kind),
                importance: 1.0,
                reference: Some(&reference),
                current: Some(&current),
            });
        }
    }
    judges.map(|judge| {
        let report = judge.report();
        let is_drift = |verdict| verdict == Verdict::Drift;
        let columns = report.columns.iter().map(|column| is_drift(column.verdict)).collect();
        Said { table: is_drift(report.dataset.verdict), columns }
    })
}

impl Tally {
    pub(super) fn add(&mut self, said: &[Said; 2]) {
        self.days += 1;
        for (judge, said) in said.iter().enumerate() {
            self.table[judge] += usize::from(said.table);
            self.any[judge] += usize::from(said.columns.contains(&true));
            self.columns[judge].resize(said.columns.len(), 0);
            for (count, is_drift) in self.columns[judge].iter_mut().zip(&said.columns) {
                *count += usize::from(*is_drift);
            }
        }
    }

    /// Percent of the days.
    #[expect(clippy::cast_precision_loss, reason = "some thousand days")]
    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.days.max(1) as f64
    }

    /// Of which the table is called drifted.
    pub(super) fn table(&self, judge: usize) -> f64 {
        self.percent(self.table[judge])
    }

    /// Of which any column is.
    pub(super) fn any(&self, judge: usize) -> f64 {
        self.percent(self.any[judge])
    }

    /// Of which this column is.
    pub(super) fn column(&self, judge: usize, at: usize) -> f64 {
        self.percent(self.columns[judge].get(at).copied().unwrap_or(0))
    }
}
