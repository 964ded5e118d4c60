//! What happened in a run, or in many.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

/// Counts by name.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    pub(crate) faults: Counts,
    pub(crate) ends: Counts,
    pub(crate) reached: Counts,
    pub(crate) seen: Counts,
    /// From the last fault until everything had ended, at most.
    pub(crate) slowest: u64,
}

fn add(counts: &mut Counts, name: &'static str, by: u64) {
    *counts.entry(name).or_default() += by;
}

impl Tally {
    pub(crate) fn fault(&mut self, name: &'static str) {
        add(&mut self.faults, name, 1);
    }

    pub(crate) fn see(&mut self, name: &'static str, count: u64) {
        add(&mut self.seen, name, count);
    }

    pub(crate) fn end(&mut self, name: &'static str) {
        add(&mut self.ends, name, 1);
    }

    pub(crate) fn reach(&mut self, name: &'static str) {
        add(&mut self.reached, name, 1);
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.slowest = self.slowest.max(other.slowest);
        let pairs = [
            (&mut self.faults, &other.faults),
            (&mut self.ends, &other.ends),
            (&mut self.reached, &other.reached),
            (&mut self.seen, &other.seen),
        ];
        for (mine, theirs) in pairs {
            for (name, count) in theirs {
                add(mine, name, *count);
            }
        }
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "simulated runs {}, steps {}", self.runs, self.steps)?;
        let seconds = self.slowest / 1000;
        writeln!(f, "longest from the last fault to the end of everything {seconds} s")?;
        let parts = [
            ("faults", &self.faults),
            ("ends", &self.ends),
            ("states reached", &self.reached),
            ("seen", &self.seen),
        ];
        for (title, counts) in parts {
            writeln!(f, "{title}:")?;
            for (name, count) in counts {
                writeln!(f, "  {name:<32} {count:>10}")?;
            }
        }
        Ok(())
    }
}
