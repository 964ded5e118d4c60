//! How often instances were asked, and what came of it.

use super::{Answer, Target};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

type Labels = [(&'static str, &'static str); 2];

/// Counts answers. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Probes(Family<Labels, Counter>);

impl Probes {
    /// The counts, to be shown.
    pub(crate) fn counted(&self) -> Family<Labels, Counter> {
        self.0.clone()
    }

    /// One more answer.
    pub(super) fn note(&self, target: &Target, answer: &Answer) {
        let kind = match target {
            Target::Get { .. } => "get",
            Target::Tcp { .. } => "tcp",
            Target::Exec { .. } => "exec",
            Target::Running => "running",
        };
        let result = match () {
            () if answer.is_good() => "good",
            () if answer.is_unasked() => "unasked",
            () => "bad",
        };
        self.0.get_or_create(&[("kind", kind), ("result", result)]).inc();
    }
}
