//! What should be running, as the deployer tells it.

use crate::place::Place;
use crate::policy::Policy;
use events::{Digest, InstanceId, ReleaseId, ServiceName};
use proto::v1::release::State;
use proto::v1::{self, Release};
use std::fmt::Display;

/// One container that should be running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its identity.
    pub id: InstanceId,
    /// The service it is of.
    pub service: ServiceName,
    /// Which of the replicas.
    pub replica: i32,
    /// Docker's id of it.
    pub container_id: String,
    /// Its name in Docker.
    pub container_name: String,
    /// The registry's identity of its image.
    pub digest: Digest,
}

/// The release that is live and what runs for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The release.
    pub release: ReleaseId,
    /// Its number.
    pub number: i64,
    /// What should be running.
    pub instances: Vec<Instance>,
    /// What is done about differences and how instances are asked.
    pub policy: Policy,
    /// The build it is of, as `builds/018f...`; empty for a release that no build made.
    pub build: String,
}

/// One environment, without what runs in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Which one.
    pub place: Place,
    /// The live release.
    pub live: Option<ReleaseId>,
    /// A release changes what runs.
    pub moving: bool,
}

/// Why an answer of the deployer makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} in the answer of the deployer is not valid: {why}")]
pub struct Unreadable {
    field: &'static str,
    why: String,
}

fn read<T: std::str::FromStr<Err: Display>>(
    field: &'static str,
    text: &str,
) -> Result<T, Unreadable> {
    text.parse().map_err(|why: T::Err| Unreadable { field, why: why.to_string() })
}

/// Whether a release in this state changes what runs. One that waits does not; one that is stuck may have
/// left anything behind.
const fn moves(state: State) -> bool {
    matches!(
        state,
        State::Preparing
            | State::RunningJobs
            | State::Starting
            | State::Warming
            | State::Verifying
            | State::Shifting
            | State::Baking
            | State::Settling
            | State::RollingBack
            | State::Stuck
    )
}

impl TryFrom<v1::Environment> for Environment {
    type Error = Unreadable;

    fn try_from(wire: v1::Environment) -> Result<Self, Unreadable> {
        let place = Place::from_name(&wire.name)
            .map_err(|why| Unreadable { field: "environment.name", why: why.to_string() })?;
        let live = wire.live.map(|live| read("environment.live.uid", &live.uid)).transpose()?;
        let moving = wire.moving.is_some_and(|moving| moves(moving.state()));
        Ok(Self { place, live, moving })
    }
}

impl TryFrom<Release> for Live {
    type Error = Unreadable;

    fn try_from(wire: Release) -> Result<Self, Unreadable> {
        let mut instances = Vec::new();
        for released in wire.services {
            let digest = read("image.digest", &released.image.unwrap_or_default().digest)?;
            for instance in released.instances.into_iter().filter(should_run) {
                instances.push(Instance {
                    id: read("instance.uid", &instance.uid)?,
                    service: read("instance.service", &released.service)?,
                    replica: instance.replica,
                    container_id: instance.container_id,
                    container_name: instance.container_name,
                    digest: Digest::clone(&digest),
                });
            }
        }
        let release = read("release.uid", &wire.uid)?;
        let (number, policy) = (wire.number, Policy::default());
        Ok(Self { release, number, instances, policy, build: wire.build })
    }
}

fn should_run(instance: &v1::Instance) -> bool {
    let serves = matches!(instance.state.as_str(), "starting" | "ready" | "unready");
    serves && !instance.container_id.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(state: &str) -> v1::Instance {
        v1::Instance {
            uid: uuid::Uuid::max().to_string(),
            container_id: "c1".to_owned(),
            state: state.to_owned(),
            ..v1::Instance::default()
        }
    }

    fn release(instances: Vec<v1::Instance>) -> Release {
        let image =
            v1::Image { digest: format!("sha256:{}", "ab".repeat(32)), ..v1::Image::default() };
        let service = "api".to_owned();
        let api = v1::ReleasedService {
            service,
            image: Some(image),
            instances,
            ..v1::ReleasedService::default()
        };
        Release { uid: uuid::Uuid::max().to_string(), services: vec![api], ..Release::default() }
    }

    #[test]
    fn only_instances_that_should_run_are_expected() {
        let states = ["ready", "draining", "stopped", "failed", "unready", "gone", ""];
        let live = Live::try_from(release(states.map(instance).to_vec())).expect("readable");
        assert_eq!(live.instances.len(), 2);
    }

    #[test]
    fn an_answer_that_makes_no_sense_says_where() {
        let mut bad = release(vec![instance("ready")]);
        bad.services[0].instances[0].uid = "seven".to_owned();
        let error = Live::try_from(bad).expect_err("no uid");
        assert!(error.to_string().starts_with("instance.uid in the answer"), "{error}");
    }

    #[test]
    fn a_release_that_waits_does_not_move() {
        assert!(!moves(State::AwaitingApproval));
        assert!(!moves(State::Queued));
        assert!(moves(State::Shifting));
        assert!(moves(State::Stuck));
        assert!(!moves(State::Live));
    }
}
