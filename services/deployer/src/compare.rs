//! What the router measured of a canary and of the stable release, as the analysis wants it. Pure.

use manifest::Analysis;
use proto::v1::ReleaseStats;
use stats::{Floor, LatencyPlan, Plan, Share, Sight, Snapshot};

/// What is compared and how much worse it may be, as the manifest says.
pub(crate) fn plan(analysis: &Analysis) -> Plan {
    let usual = Plan::default();
    // The manifest's parser lets nothing pass that is out of range.
    let errors = Share::try_from(analysis.errors.worse_by.fraction()).ok();
    let worse_by = Floor::try_from(analysis.p95.worse_by.fraction()).ok();
    let latency = worse_by.map(|worse_by| LatencyPlan { worse_by, ..LatencyPlan::default() });
    Plan { errors: errors.or(usual.errors), latency: latency.or(usual.latency), ..usual }
}

/// One look at both, over all routes of an environment; nothing when the counters cannot be.
pub(crate) fn sight(measured: &[ReleaseStats], candidate: &str, stable: &str) -> Option<Sight> {
    Some(Sight {
        candidate: snapshot(measured, candidate)?,
        stable: snapshot(measured, stable)?,
        readings: Vec::new(),
    })
}

fn snapshot(measured: &[ReleaseStats], release: &str) -> Option<Snapshot> {
    let mut own = measured.iter().filter(|of| of.release == release);
    let mut sum = own.next()?.clone();
    for of in own.filter(|of| of.latency_bounds_seconds == sum.latency_bounds_seconds) {
        sum.requests += of.requests;
        sum.status_5xx += of.status_5xx;
        sum.broken_answers += of.broken_answers;
        for (mine, theirs) in sum.latency_counts.iter_mut().zip(&of.latency_counts) {
            *mine += theirs;
        }
    }
    let failed = sum.status_5xx + sum.broken_answers;
    Snapshot::new(sum.requests, failed, sum.latency_bounds_seconds, &sum.latency_counts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(release: &str, requests: u64, failed: u64) -> ReleaseStats {
        ReleaseStats {
            release: release.to_owned(),
            requests,
            status_5xx: failed,
            latency_bounds_seconds: vec![0.1, 1.0],
            latency_counts: vec![requests / 2, requests, requests],
            ..ReleaseStats::default()
        }
    }

    #[test]
    fn routes_of_an_environment_are_taken_together() {
        let all = [measured("new", 10, 1), measured("old", 100, 2), measured("new", 30, 1)];
        let wanted = Snapshot::new(40, 2, vec![0.1, 1.0], &[20, 40, 40]).expect("counters");
        assert_eq!(sight(&all, "new", "old").map(|sight| sight.candidate), Some(wanted));
        assert_eq!(sight(&all, "new", "older"), None);
    }
}
