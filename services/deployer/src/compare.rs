//! What the router measured of a candidate and of the stable release, as the analysis wants it. Pure.

use manifest::{Analysis, Percent, ReadingName, Shadow};
use proto::v1::{ReleaseStats, ShadowStats};
use stats::{Better, Floor, LatencyPlan, Plan, ReadingPlan, Share, Sight, Snapshot};

/// What is compared and how much worse it may be, as the manifest says.
pub(crate) fn plan(analysis: &Analysis) -> Plan {
    let usual = Plan::default();
    // The manifest's parser lets nothing pass that is out of range.
    let errors = Share::try_from(analysis.errors.worse_by.fraction()).ok();
    let worse_by = Floor::try_from(analysis.p95.worse_by.fraction()).ok();
    let latency = worse_by.map(|worse_by| LatencyPlan { worse_by, ..LatencyPlan::default() });
    let (errors, latency) = (errors.or(usual.errors), latency.or(usual.latency));
    let readings = analysis.readings.iter().map(reading).collect();
    Plan { errors, latency, readings, ..usual }
}

fn reading((name, reading): (&ReadingName, &manifest::Reading)) -> ReadingPlan {
    let least = reading.least.as_f64().and_then(|least| Floor::try_from(least).ok());
    ReadingPlan {
        name: name.to_string(),
        better: match reading.better {
            manifest::Better::Lower => Better::Lower,
            manifest::Better::Higher => Better::Higher,
        },
        worse_by: Floor::try_from(reading.worse_by.fraction()).unwrap_or(Floor::A_FIFTH),
        least: least.unwrap_or_default(),
    }
}

/// The same for copies of requests, whose answers are compared as well; where all may differ, nothing is judged of that.
pub(crate) fn plan_of_shadow(shadow: &Shadow) -> Plan {
    let differences = Share::try_from(shadow.differences.fraction()).ok();
    let differences = differences.filter(|_| shadow.differences < Percent::HUNDRED);
    Plan { differences, ..plan(&shadow.analysis) }
}

/// One look at copies, over all routes of an environment: how both did on the same requests.
pub(crate) fn sight_of_copies(copied: &[ShadowStats]) -> Option<Sight> {
    let of = |side: fn(&ShadowStats) -> Option<&ReleaseStats>| {
        let named = |of: &ReleaseStats| ReleaseStats { release: String::new(), ..of.clone() };
        let all: Vec<_> = copied.iter().filter_map(side).map(named).collect();
        snapshot(&all, "")
    };
    let counts = || copied.iter().filter_map(|it| it.counts.as_ref());
    let compared = counts().map(|counts| counts.compared).sum();
    let different = counts().map(|counts| counts.status_different + counts.body_different).sum();
    Some(Sight {
        candidate: of(|it| it.candidate.as_ref())?.with_answers(compared, different),
        stable: of(|it| it.stable.as_ref())?,
        readings: Vec::new(),
    })
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
    use proto::v1::ShadowCounts;

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

    #[test]
    fn copies_of_all_routes_are_taken_together_with_how_they_differ() {
        let copied = |copies: u64, failed: u64| ShadowStats {
            counts: Some(ShadowCounts {
                compared: copies - failed,
                status_different: 1,
                body_different: 2,
                ..ShadowCounts::default()
            }),
            candidate: Some(measured("new", copies, failed)),
            stable: Some(measured("", copies, 0)),
            ..ShadowStats::default()
        };
        let sight = sight_of_copies(&[copied(10, 1), copied(30, 0)]).expect("copies");
        let snapshot = |failed| Snapshot::new(40, failed, vec![0.1, 1.0], &[20, 40, 40]);
        let wanted = snapshot(1).expect("counters").with_answers(39, 6);
        assert_eq!((sight.candidate, sight.stable), (wanted, snapshot(0).expect("counters")));
        assert_eq!(sight_of_copies(&[]), None);
    }

    #[test]
    fn where_all_answers_may_differ_that_is_not_judged() {
        let judged = |differences: &str| {
            let text = format!(
                "app: a\nservices: {{ web: {{ build: . }} }}\nenvironments: {{ p: {{ track: {{ branch: x }}, \
                 strategy: {{ shadow: {{ differences: {differences} }} }} }} }}"
            );
            let manifest = manifest::parse(&text).expect("a manifest");
            let environment = manifest.environments.values().next().expect("one");
            let manifest::Strategy::Shadow(shadow) = &environment.strategy else {
                panic!("{text}")
            };
            plan_of_shadow(shadow).differences.map(f64::from)
        };
        assert_eq!((judged("5%"), judged("100%")), (Some(0.05), None));
    }
}
