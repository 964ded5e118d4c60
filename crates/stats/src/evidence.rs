//! The verdict and what it rests on.

use crate::level::Share;
use serde::{Deserialize, Serialize};

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is ruled out that the candidate is worse by more than is allowed.
    Pass,
    /// It is shown that it is.
    Fail,
    /// Neither yet.
    Inconclusive,
}

/// What was compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The share of failed requests.
    Errors,
    /// The share of answers that differ from those of the stable release to the same requests.
    Differences,
    /// This quantile of latency.
    Latency(Share),
    /// The share of predictions that are so, as "below 0.2".
    Predictions(String),
    /// The share of predictions that are not those of the stable release for the same requests.
    Disagreement,
    /// A number from elsewhere.
    Reading(String),
}

/// What of one side was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// So many requests, or readings.
    pub of: u64,
    /// The share that failed or differed, the quantile in seconds, or the mean; `None` when there is none.
    pub value: Option<f64>,
}

/// Where the truth is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Not below this; `None` when nothing is known.
    pub low: Option<f64>,
    /// Not above this.
    pub high: Option<f64>,
}

/// How many times better one explanation tells what was seen than all of the other kind do. Among wrong explanations
/// one in `n` ever gets `n`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct EValue {
    log: f64,
}

impl EValue {
    pub(crate) fn of_log(log: f64) -> Self {
        Self { log }
    }

    /// The number; at most the largest there is.
    pub fn get(self) -> f64 {
        self.log.exp().min(f64::MAX)
    }

    /// Its natural logarithm.
    pub fn ln(self) -> f64 {
        self.log
    }
}

/// All that a verdict rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The candidate.
    pub candidate: Seen,
    /// The stable release, over the same minutes.
    pub stable: Seen,
    /// The difference in the share of failed requests; the share of answers that differ; the difference in the share of slow ones, where slow begins later for the
    /// candidate by what is allowed; the difference in the share of a group of predictions; or the mean of how much worse than allowed the readings are.
    pub estimate: f64,
    /// Around the estimate: 95 % of all such intervals hold the truth at every moment.
    pub interval: Interval,
    /// That it is worse by more than is allowed.
    pub worse: EValue,
    /// That it is not.
    pub fine: EValue,
    /// About how many more requests of the candidate show that it is fine, when it is like the stable release.
    pub needed: Option<u64>,
}

/// What the verdict on a metric means for the candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// It is the candidate's.
    #[default]
    Decides,
    /// Shown to be worse, a person is asked whether that is meant. What is not shown holds nothing up.
    Asks,
    /// A person was asked and wants it so; it is told.
    Told,
}

/// The verdict on one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was compared.
    pub metric: Metric,
    /// By how much it may be worse: a difference of shares, or relative.
    pub allowed: f64,
    /// What follows.
    pub verdict: Verdict,
    /// From what.
    pub evidence: Evidence,
    /// What it means for the candidate.
    #[serde(default)]
    pub stance: Stance,
}

impl Finding {
    /// What it contributes to the verdict on the candidate.
    pub(crate) fn counts_as(&self) -> Verdict {
        match (self.stance, self.verdict) {
            (Stance::Decides, verdict) => verdict,
            (Stance::Asks, Verdict::Fail) => Verdict::Inconclusive,
            (Stance::Asks | Stance::Told, _) => Verdict::Pass,
        }
    }
}

/// The verdict on the candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// It fails with the first metric, and passes with the last.
    pub verdict: Verdict,
    /// Each metric.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// One metric that is worse is enough to fail; only all of them together pass. No metric is no proof.
    pub(crate) fn of(findings: Vec<Finding>) -> Self {
        let any = |wanted| findings.iter().any(|finding| finding.counts_as() == wanted);
        let decides = |finding: &Finding| finding.stance == Stance::Decides;
        let verdict = if any(Verdict::Fail) {
            Verdict::Fail
        } else if !findings.iter().any(decides) || any(Verdict::Inconclusive) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        Self { verdict, findings }
    }
}
