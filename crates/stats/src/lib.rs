//! How sure we are: a candidate against the stable release over the same minutes, judged at any moment.
//!
//! Invariants: no input makes a panic or a NaN; without data there is no verdict; whoever looks as often as they like
//! sends a candidate that is not worse back with no more than the promised probability. The method is in
//! `docs/analysis.md`.

mod analysis;
mod block;
#[cfg(test)]
mod chance;
mod evidence;
mod groups;
mod histogram;
mod latency;
mod level;
mod mixture;
mod model;
mod plan;
mod prediction;
mod proportion;
mod reading;
mod sentence;
mod snapshot;
mod spread;

pub use analysis::{Analysis, Sight, judge};
pub use evidence::{EValue, Evidence, Finding, Interval, Judgement, Metric, Seen, Stance, Verdict};
pub use level::{Level, OutOfRange, Share};
pub use plan::{Better, Floor, LatencyPlan, Plan, PredictionPlan, ReadingPlan};
pub use prediction::Predictions;
pub use reading::ReadingPair;
pub use snapshot::{Snapshot, SnapshotError};
