//! The eyes of the bake: what is seen of a release's instances each second, and whether it is an alarm.

use crate::docker::{Engine, InstanceFacts, Mask};
use crate::probe::{Phase, Probe, ProbeState, Thresholds, ask};
use events::{InstanceId, ServiceName};
use std::time::Duration;
use tokio::time::Instant;

/// An instance with traffic is asked this often at least, so that a bad release is noticed in seconds.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// An instance that is watched.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The instance.
    pub uid: InstanceId,
    /// The service it is of.
    pub service: ServiceName,
    /// Its container.
    pub container_id: String,
    /// What it is asked.
    pub probe: Probe,
    /// Hides its secrets in what it says; without one, nothing that it says is kept.
    pub mask: Option<Mask>,
    /// How often the engine had started it again before it was watched: 0 for a candidate.
    pub restarts_before: u32,
}

/// What was seen of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The instance.
    pub uid: InstanceId,
    /// The service it is of.
    pub service: ServiceName,
    /// Its container.
    pub container_id: String,
    /// Its process runs; `None` when the engine could not be asked, which is no sign of illness.
    pub running: Option<bool>,
    /// How often it was started again since it is watched.
    pub restarts: u32,
    /// Bad answers in a row.
    pub failures: u32,
    /// Bad answers in a row that are too many.
    pub failures_allowed: u32,
    /// The last answer, for people.
    pub answer: String,
}

/// How many requests a release answered, and how many of those badly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub requests: u64,
    /// With a status of 5xx, or not at all.
    pub failed: u64,
}

impl Tally {
    #[expect(clippy::cast_precision_loss, reason = "a share of counts that fit in 52 bits")]
    fn share(self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.failed as f64 / self.requests as f64 }
    }
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// So many restarts.
    pub restarts: u32,
    /// A share of failed requests so much above that of the stable release, 0 to 1.
    pub errors_worse_by: f64,
    /// Judged from so many requests on.
    pub requests: u64,
}

impl From<&manifest::Bake> for Limits {
    fn from(bake: &manifest::Bake) -> Self {
        Self {
            restarts: bake.restarts,
            errors_worse_by: bake.errors.worse_by.fraction(),
            requests: u64::from(bake.requests),
        }
    }
}

/// Why a release has to go back.
#[derive(Debug, Clone, PartialEq)]
pub enum Alarm {
    /// An instance ended, or was started again too often.
    Ended(Sight),
    /// An instance does not answer as it should.
    Unready(Sight),
    /// Too many requests fail.
    Errors {
        /// Of the candidate, 0 to 1.
        share: f64,
        /// Of the stable release, 0 to 1.
        stable_share: f64,
        /// How many requests of the candidate that is of.
        requests: u64,
    },
}

impl Alarm {
    /// The failure it makes the release; log lines and the like are the caller's to add.
    pub fn failure(&self) -> release::Failure {
        match self {
            Self::Ended(sight) => release::Failure {
                service: Some(sight.service.to_string()),
                ..release::Failure::new(
                    "RESTARTED",
                    format!(
                        "{} ended after it had passed its gate and was started again {} times; its last \
                         lines say why",
                        sight.service, sight.restarts
                    ),
                )
            },
            Self::Unready(sight) => release::Failure {
                service: Some(sight.service.to_string()),
                probe_lines: vec![sight.answer.clone()],
                ..release::Failure::new(
                    "UNREADY",
                    format!(
                        "{} was ready and is not any more: {}, {} times in a row",
                        sight.service, sight.answer, sight.failures
                    ),
                )
            },
            Self::Errors { share, stable_share, requests } => release::Failure::new(
                "ERROR_RATE",
                format!(
                    "{:.1} % of {requests} requests failed, of the stable release {:.1} %",
                    share * 100.0,
                    stable_share * 100.0
                ),
            ),
        }
    }
}

/// Whether all were seen and none is in doubt: one bad answer is no alarm yet, and no reason to be done either.
pub fn is_calm(sights: &[Sight]) -> bool {
    sights.iter().all(|sight| sight.running.is_some() && sight.failures == 0)
}

/// Whether what is seen is an alarm; the most certain one first.
pub fn verdict(
    sights: &[Sight],
    candidate: Tally,
    stable: Tally,
    limits: &Limits,
) -> Option<Alarm> {
    let ended = |sight: &&Sight| {
        sight.running == Some(false) || (limits.restarts > 0 && sight.restarts >= limits.restarts)
    };
    let unready = |sight: &&Sight| sight.failures >= sight.failures_allowed;
    if let Some(sight) = sights.iter().find(ended) {
        return Some(Alarm::Ended(sight.clone()));
    }
    if let Some(sight) = sights.iter().find(unready) {
        return Some(Alarm::Unready(sight.clone()));
    }
    let (share, stable_share) = (candidate.share(), stable.share());
    let enough = candidate.requests >= limits.requests.max(1);
    (enough && share > stable_share + limits.errors_worse_by).then_some(Alarm::Errors {
        share,
        stable_share,
        requests: candidate.requests,
    })
}

/// Looks at the instances of one release again and again.
#[derive(Debug)]
pub struct Watcher {
    engine: Engine,
    watched: Vec<(Watched, ProbeState)>,
    since: Instant,
}

impl Watcher {
    /// All of them are ready now.
    pub fn new(engine: Engine, watched: Vec<Watched>) -> Self {
        let ready = |watched: Watched| {
            let Thresholds { period, .. } = watched.probe.thresholds;
            let thresholds =
                Thresholds { period: period.min(LOOK_PERIOD), ..watched.probe.thresholds };
            (watched, ProbeState::ready(thresholds))
        };
        Self { engine, watched: watched.into_iter().map(ready).collect(), since: Instant::now() }
    }

    /// Asks all instances once, at the same time. To be called each second.
    pub async fn look(&mut self) -> Vec<Sight> {
        let (engine, since) = (&self.engine, self.since);
        let looks =
            self.watched.iter_mut().map(|(watched, state)| look(engine, watched, state, since));
        futures_util::future::join_all(looks).await
    }
}

async fn look(engine: &Engine, watched: &Watched, state: &mut ProbeState, since: Instant) -> Sight {
    let found = engine.find(&watched.container_id).await;
    let facts = found.as_ref().ok().and_then(Option::as_ref);
    let sight = |state: &ProbeState, answer: String| Sight {
        uid: watched.uid,
        service: watched.service.clone(),
        container_id: watched.container_id.clone(),
        running: found.as_ref().ok().map(|facts| facts.as_ref().is_some_and(is_up)),
        restarts: facts
            .map_or(0, |facts| facts.restart_count)
            .saturating_sub(watched.restarts_before),
        failures: state.failures(),
        failures_allowed: state.failures_allowed(),
        answer,
    };
    let Some(facts) = facts else { return sight(state, "its container is not seen".to_owned()) };
    // Asked in the container, an engine that is away looks like an instance that is ill.
    let mask = watched.mask.as_ref();
    let answer = ask(engine, &watched.container_id, facts.address, &watched.probe, mask).await;
    if !answer.is_unasked() {
        let phase = state.record(since.elapsed(), answer.is_good(), answer.is_from_instance());
        debug_assert_ne!(phase, Phase::Starting, "it was ready when the watch began");
    }
    sight(state, format!("{} -> {answer}", watched.probe.target))
}

/// One that is being started again counts by its restarts.
fn is_up(facts: &InstanceFacts) -> bool {
    facts.running || facts.restarting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { restarts: 1, errors_worse_by: 0.05, requests: 20 }
    }

    fn well() -> Sight {
        Sight {
            uid: InstanceId::new(uuid::Uuid::nil()),
            service: ServiceName::parse("api").unwrap(),
            container_id: "c".to_owned(),
            running: Some(true),
            restarts: 0,
            failures: 0,
            failures_allowed: 3,
            answer: "GET :8000/ready -> 200".to_owned(),
        }
    }

    fn of(sight: Sight, candidate: (u64, u64)) -> Option<&'static str> {
        let tally = |(requests, failed)| Tally { requests, failed };
        let alarm = verdict(&[well(), sight], tally(candidate), tally((1000, 10)), &limits())?;
        Some(match alarm {
            Alarm::Ended(_) => "ended",
            Alarm::Unready(_) => "unready",
            Alarm::Errors { .. } => "errors",
        })
    }

    #[test]
    fn all_well_and_a_silent_engine_are_no_alarm() {
        assert_eq!(of(well(), (100, 1)), None);
        assert_eq!(of(Sight { running: None, ..well() }, (0, 0)), None);
        assert_eq!(of(Sight { failures: 2, ..well() }, (100, 6)), None);
    }

    #[test]
    fn an_end_or_a_restart_is_an_alarm() {
        assert_eq!(of(Sight { running: Some(false), ..well() }, (0, 0)), Some("ended"));
        assert_eq!(of(Sight { restarts: 1, failures: 3, ..well() }, (0, 0)), Some("ended"));
    }

    #[test]
    fn as_many_failures_as_the_probe_allows_are_an_alarm() {
        assert_eq!(of(Sight { failures: 3, ..well() }, (0, 0)), Some("unready"));
    }

    #[test]
    fn errors_count_beyond_those_of_the_stable_release_and_from_twenty_requests_on() {
        assert_eq!(of(well(), (19, 19)), None);
        assert_eq!(of(well(), (20, 1)), None, "5 % is not more than 1 % and 5 %");
        assert_eq!(of(well(), (20, 2)), Some("errors"));
    }

    #[test]
    fn an_alarm_says_what_was_seen() {
        let alarm = Alarm::Errors { share: 0.25, stable_share: 0.001, requests: 40 };
        insta::assert_snapshot!(
            alarm.failure().to_string(),
            @"ERROR_RATE: 25.0 % of 40 requests failed, of the stable release 0.1 %"
        );
    }
}
