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
    lost_in_router: u64,
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
            "router_killed" => self.lost_in_router += converged.users.failed(),
            _ => self.lost += converged.users.failed(),
        }
    }

    /// So many messages came again and changed nothing.
    pub fn absorbed(&mut self, messages: i64) {
        self.absorbed = messages;
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
        let list = |counts: &BTreeMap<&str, usize>| {
            let each: Vec<String> =
                counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            each.join(", ")
        };
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
        let (lost, inside) = (self.lost, self.lost_in_router);
        writeln!(
            f,
            "requests          {} sent, {lost} lost, {inside} in killed routers",
            self.requests
        )?;
        write!(f, "duplicates        {} absorbed", self.absorbed)
    }
}
