//! What a run of the table came to.

use super::run::Converged;
use super::table::Step;
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that was seen, case by case.
#[derive(Debug, Default)]
pub struct Report {
    faults: BTreeMap<&'static str, usize>,
    steps: BTreeMap<&'static str, usize>,
    ends: BTreeMap<&'static str, usize>,
    took: Vec<Duration>,
    requests: u64,
    lost: u64,
    /// Lost to what takes requests or instances along.
    taken_along: BTreeMap<&'static str, u64>,
    absorbed: i64,
}

impl Report {
    /// Adds one case: what struck, in which step, what came of it.
    pub fn add(&mut self, fault: &'static str, step: Step, converged: &Converged) {
        *self.faults.entry(fault).or_default() += 1;
        *self.steps.entry(step.name).or_default() += 1;
        *self.ends.entry(converged.state).or_default() += 1;
        self.took.push(converged.took);
        self.requests += converged.users.sent;
        match fault {
            "router_killed" | "engine_restarted" | "engine_killed" => {
                *self.taken_along.entry(fault).or_default() += converged.users.failed();
            }
            _ => self.lost += converged.users.failed(),
        }
    }

    /// So many messages came again and changed nothing.
    pub fn absorbed(&mut self, messages: i64) {
        self.absorbed += messages;
    }

    /// The time within which this share of the cases ended.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.took.clone();
        sorted.sort();
        let last = sorted.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a handful of cases"
        )]
        let index = (last as f64 * share).round() as usize;
        sorted.get(index).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = |share| self.quantile(share).as_secs_f64();
        writeln!(f, "faults            {}", list(&self.faults))?;
        writeln!(f, "steps             {}", list(&self.steps))?;
        writeln!(f, "ended             {}", list(&self.ends))?;
        writeln!(
            f,
            "time to converge  p50 {:.1} s, p99 {:.1} s, max {:.1} s",
            seconds(0.5),
            seconds(0.99),
            seconds(1.0)
        )?;
        writeln!(f, "requests          {} sent, {} lost", self.requests, self.lost)?;
        if !self.taken_along.is_empty() {
            writeln!(f, "taken along       {}", list(&self.taken_along))?;
        }
        write!(f, "duplicates        {} absorbed", self.absorbed)
    }
}

fn list(counts: &BTreeMap<&str, impl std::fmt::Display>) -> String {
    let each: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    each.join(", ")
}
