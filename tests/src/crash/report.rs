//! What a run of the table came to.

use super::run::Converged;
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that was seen, case by case.
#[derive(Debug, Default)]
pub struct Report {
    faults: BTreeMap<&'static str, usize>,
    steps: BTreeMap<&'static str, usize>,
    ends: BTreeMap<&'static str, usize>,
    took: Vec<Duration>,
    /// From a SIGKILL of a service until it went on with its work.
    moved_on: Vec<Duration>,
    requests: u64,
    lost: u64,
    /// Lost to what takes requests or instances along.
    taken_along: BTreeMap<&'static str, u64>,
    absorbed: i64,
    /// Cases that did not end right: stuck, twice live, something left, a request lost.
    wrong: Vec<String>,
}

impl Report {
    /// Adds one case: what struck, in which step, and what came of it if it ended right.
    pub fn note(&mut self, fault: &'static str, step: &'static str, played: Option<&Converged>) {
        match played {
            Some(converged) => self.add(fault, step, converged),
            None => self.wrong.push(format!("{step} {fault}")),
        }
    }

    /// The same with what was seen elsewhere.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        add(&mut self.faults, other.faults);
        add(&mut self.steps, other.steps);
        add(&mut self.ends, other.ends);
        add(&mut self.taken_along, other.taken_along);
        self.took.extend(other.took);
        self.moved_on.extend(other.moved_on);
        self.wrong.extend(other.wrong);
        self.requests += other.requests;
        self.lost += other.lost;
        self.absorbed += other.absorbed;
        self
    }

    /// Every case ended right.
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    fn add(&mut self, fault: &'static str, step: &'static str, converged: &Converged) {
        *self.faults.entry(fault).or_default() += 1;
        *self.steps.entry(step).or_default() += 1;
        *self.ends.entry(converged.state).or_default() += 1;
        self.took.push(converged.took);
        self.moved_on.extend(converged.moved_on);
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
}

/// The time within which this share of `times` lies.
fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
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

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = |share| quantile(&self.took, share).as_secs_f64();
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
        let after = |share| quantile(&self.moved_on, share).as_secs_f64();
        writeln!(
            f,
            "after SIGKILL     work moves on after {:.1} s (median of {}), max {:.1} s",
            after(0.5),
            self.moved_on.len(),
            after(1.0)
        )?;
        writeln!(f, "requests          {} sent, {} lost", self.requests, self.lost)?;
        if !self.taken_along.is_empty() {
            writeln!(f, "taken along       {}", list(&self.taken_along))?;
        }
        writeln!(f, "duplicates        {} absorbed", self.absorbed)?;
        let wrong = if self.wrong.is_empty() {
            String::new()
        } else {
            format!(": {}", self.wrong.join(", "))
        };
        write!(f, "not right         {}{wrong}", self.wrong.len())
    }
}

fn add<T: std::ops::AddAssign + Default>(
    mine: &mut BTreeMap<&'static str, T>,
    theirs: BTreeMap<&'static str, T>,
) {
    for (name, count) in theirs {
        *mine.entry(name).or_default() += count;
    }
}

fn list(counts: &BTreeMap<&str, impl std::fmt::Display>) -> String {
    let each: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    each.join(", ")
}
