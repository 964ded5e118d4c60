//! What is counted. Labels are names that people gave and codes, never ids.

use crate::db::list::Active;
use crate::db::release::Release;
use crate::probe::Probes;
use crate::steps::Step;
use ::release::State;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

/// Bounds of the duration buckets: from a state with nothing to do to a day of waiting for people.
const SECONDS: [f64; 11] =
    [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0];

type Names = Vec<(&'static str, String)>;
type Word = [(&'static str, &'static str); 1];

/// What is counted. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    ended: Family<Names, Counter>,
    rollbacks: Family<Names, Counter>,
    phases: Family<Word, Histogram, fn() -> Histogram>,
    active: Family<Names, Gauge>,
    last_success: Family<Names, Gauge>,
    tables: Family<Word, Counter>,
    takeovers: Counter,
    driven: Gauge,
}

impl Metrics {
    /// The metrics, and what `probes` counts, in `all`.
    pub(crate) fn registered(all: &service::metrics::Metrics, probes: &Probes) -> Self {
        let metrics = Self {
            ended: Family::default(),
            rollbacks: Family::default(),
            phases: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            active: Family::default(),
            last_success: Family::default(),
            tables: Family::default(),
            takeovers: Counter::default(),
            driven: Gauge::default(),
        };
        for result in ["ok", "stale", "failed"] {
            drop(metrics.tables.get_or_create(&[("result", result)]));
        }
        let mut into = all.lock();
        let help = "Releases that ended, by cause and result";
        into.register("releases", help, metrics.ended.clone());
        let help = "Ways back to an earlier release, by reason and whether a person asked";
        into.register("rollbacks", help, metrics.rollbacks.clone());
        let help = "Time that ended releases spent in each state";
        let phases = metrics.phases.clone();
        into.register_with_unit("release_duration", help, Unit::Seconds, phases);
        let help = "Releases under way, by state";
        into.register("releases_active", help, metrics.active.clone());
        let help = "When a release went live last";
        into.register("deploy_last_success_timestamp_seconds", help, metrics.last_success.clone());
        let help = "Route tables sent to the router, by what became of them";
        into.register("route_tables", help, metrics.tables.clone());
        let help = "Releases taken over from a driver that fell silent";
        into.register("lease_takeovers", help, metrics.takeovers.clone());
        let help = "Releases that this deployer drives right now";
        into.register("releases_driven", help, metrics.driven.clone());
        let help = "Questions asked of instances, by what was asked and what came of it";
        into.register("probes", help, probes.counted());
        drop(into);
        metrics
    }

    /// A release has ended, with these steps behind it.
    pub(crate) fn ended(&self, release: &Release, steps: &[Step]) {
        let result = release.state.name().to_owned();
        let mut labels = place(&release.app, &release.environment);
        labels.extend([("cause", release.origin.cause.clone()), ("result", result)]);
        self.ended.get_or_create(&labels).inc();
        if let Some(back) = way_back(&release.state, release.restores.is_some()) {
            let mut labels = place(&release.app, &release.environment);
            let automatic = (back != BY_A_PERSON).to_string();
            labels.extend([("reason", back.to_owned()), ("automatic", automatic)]);
            self.rollbacks.get_or_create(&labels).inc();
        }
        // A stuck release is counted when it has ended: its steps are not over.
        if !matches!(release.state, State::Stuck { .. }) {
            self.spent(steps);
        }
        if let (State::Live, Some(at)) = (&release.state, steps.last().map(|step| step.started_at))
        {
            let labels = place(&release.app, &release.environment);
            self.last_success.get_or_create(&labels).set(at.timestamp());
        }
    }

    fn spent(&self, steps: &[Step]) {
        for step in steps {
            let Some(ended_at) = step.ended_at.filter(|ended_at| *ended_at > step.started_at)
            else {
                continue;
            };
            let span = (ended_at - step.started_at).to_std().unwrap_or_default();
            self.phases.get_or_create(&[("phase", step.name)]).observe(span.as_secs_f64());
        }
    }

    /// What is under way now.
    pub(crate) fn active(&self, active: &[Active]) {
        self.active.clear();
        for Active { environment, state, count } in active {
            let labels = vec![("environment", environment.clone()), ("state", state.clone())];
            self.active.get_or_create(&labels).set(*count);
        }
    }

    /// A table was sent to the router: `ok`, `stale` or `failed`.
    pub(crate) fn table_sent(&self, result: &'static str) {
        self.tables.get_or_create(&[("result", result)]).inc();
    }

    /// Releases of drivers that fell silent were taken over.
    pub(crate) fn taken_over(&self, releases: usize) {
        self.takeovers.inc_by(u64::try_from(releases).unwrap_or(u64::MAX));
    }

    /// One more release is driven, until what is returned goes.
    pub(crate) fn driving(&self) -> Driving {
        self.driven.inc();
        Driving(self.driven.clone())
    }
}

/// A release is driven while this is.
#[derive(Debug)]
pub(crate) struct Driving(Gauge);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn place(app: &events::AppName, environment: &events::EnvironmentName) -> Names {
    vec![("app", app.to_string()), ("environment", environment.to_string())]
}

/// The reason of a way back that a person asked for.
const BY_A_PERSON: &str = "OPERATOR";

/// Why an earlier release has the traffic again; nothing when it has not.
fn way_back(state: &State, restores: bool) -> Option<&str> {
    if let State::RolledBack { failure } = state {
        return Some(&failure.reason);
    }
    (restores && *state == State::Live).then_some(BY_A_PERSON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::release::Failure;
    use chrono::{DateTime, TimeDelta};

    fn registered() -> (service::metrics::Metrics, Metrics) {
        let all = service::metrics::Metrics::new("test");
        let metrics = Metrics::registered(&all, &Probes::default());
        (all, metrics)
    }

    #[test]
    fn a_way_back_is_one_by_itself_or_by_a_person() {
        let alarmed = State::RolledBack { failure: Failure::new("ERROR_RATE", "too many") };
        assert_eq!(way_back(&alarmed, false), Some("ERROR_RATE"));
        assert_eq!(way_back(&State::Live, true), Some("OPERATOR"));
        assert_eq!(way_back(&State::Live, false), None);
    }

    #[test]
    fn the_time_in_each_state_is_counted_and_what_is_under_way_now() {
        let (all, metrics) = registered();
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let step = |name, from, to: Option<i64>| Step {
            name,
            started_at: at(from),
            ended_at: to.map(at),
            detail: String::new(),
            failed: false,
        };
        metrics.spent(&[step("starting", 0, Some(7)), step("live", 7, None)]);
        let active = |state: &str| Active {
            environment: "staging".to_owned(),
            state: state.to_owned(),
            count: 1,
        };
        metrics.active(&[active("starting")]);
        metrics.active(&[active("baking")]);
        let text = all.text();
        assert!(
            text.contains("slipway_release_duration_seconds_sum{phase=\"starting\"} 7.0"),
            "{text}"
        );
        assert!(
            text.contains("slipway_releases_active{environment=\"staging\",state=\"baking\"} 1"),
            "{text}"
        );
        assert!(!text.contains("state=\"starting\""), "{text}");
        assert!(text.contains("slipway_route_tables_total{result=\"failed\"} 0"), "{text}");
    }
}
