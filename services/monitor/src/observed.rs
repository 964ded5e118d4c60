//! What runs, as the engine tells it.

use crate::fields::{Fields, Fingerprint};
use bollard::models::{ContainerInspectResponse, ContainerState, EndpointSettings, ImageInspect};
use chrono::{DateTime, SubsecRound, Utc};
use events::{InstanceId, ReleaseId, ServiceName};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

/// Which Slipway of the machine a container belongs to.
pub const PLATFORM: &str = "slipway.instance";
/// The app.
pub const APP: &str = "slipway.app";
/// The environment.
pub const ENVIRONMENT: &str = "slipway.environment";
/// The job, on what does not serve.
pub const JOB: &str = "slipway.job";
const SERVICE: &str = "slipway.service";
const RELEASE: &str = "slipway.release";
const UID: &str = "slipway.uid";

/// Whether its process is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// It runs.
    Running,
    /// It is there and does nothing.
    Paused,
    /// It ended, and the engine is about to start it again.
    Restarting,
    /// It ended, or never began.
    Ended,
}

impl Process {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Ended => "ended",
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// When.
    pub at: DateTime<Utc>,
    /// With which code.
    pub code: i64,
    /// The kernel ended it for its memory.
    pub out_of_memory: bool,
}

/// Which image it runs, by everything that is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageEvidence {
    /// The engine's id.
    pub id: String,
    /// Every digest that means it: of the index, the manifest, the configuration.
    pub digests: BTreeSet<String>,
    /// A registry has named it, so that a digest that is not there is not its.
    pub from_registry: bool,
}

/// One container with our labels, or with the name of one of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Docker's id of it.
    pub container_id: String,
    /// Its name in Docker.
    pub name: String,
    /// The instance its labels say it is.
    pub instance: Option<InstanceId>,
    /// The release its labels name.
    pub release: Option<ReleaseId>,
    /// The service its labels name.
    pub service: Option<ServiceName>,
    /// Whether its process is there.
    pub process: Process,
    /// How its process ended last, if it did.
    pub exit: Option<Exit>,
    /// How often the engine started it again.
    pub restarts: i64,
    /// Which image it runs.
    pub image: ImageEvidence,
    /// The image it was made of, as it was asked for.
    pub made_of: String,
    /// When it was made.
    pub created: Option<String>,
    /// Where it is reached.
    pub addresses: BTreeSet<IpAddr>,
    /// All that is compared of it.
    pub fields: Fields,
}

impl Observed {
    /// One container, with what the engine knows of its image, if it has it still.
    pub fn of(
        found: ContainerInspectResponse,
        image: Option<&ImageInspect>,
        fingerprint: Fingerprint<'_>,
    ) -> Self {
        let labels = found.config.as_ref().and_then(|config| config.labels.clone());
        let labels = labels.unwrap_or_default();
        let state = found.state.clone().unwrap_or_default();
        Self {
            image: evidence(&found, image),
            fields: Fields::of(&found, fingerprint),
            made_of: found.config.as_ref().and_then(|it| it.image.clone()).unwrap_or_default(),
            created: found.created.as_ref().map(ToString::to_string),
            addresses: addresses(&found),
            container_id: found.id.unwrap_or_default(),
            name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
            instance: label(&labels, UID),
            release: label(&labels, RELEASE),
            service: label(&labels, SERVICE),
            process: process(&state),
            exit: exit(&state),
            restarts: found.restart_count.unwrap_or(0),
        }
    }
}

fn addresses(found: &ContainerInspectResponse) -> BTreeSet<IpAddr> {
    let networks = found.network_settings.as_ref().and_then(|net| net.networks.as_ref());
    let address = |endpoint: &EndpointSettings| endpoint.ip_address.as_ref()?.parse().ok();
    networks.into_iter().flat_map(|all| all.values()).filter_map(address).collect()
}

fn label<T: std::str::FromStr>(labels: &HashMap<String, String>, key: &str) -> Option<T> {
    labels.get(key)?.parse().ok()
}

fn process(state: &ContainerState) -> Process {
    match (state.running, state.paused, state.restarting) {
        (_, Some(true), _) => Process::Paused,
        (_, _, Some(true)) => Process::Restarting,
        (Some(true), _, _) => Process::Running,
        _ => Process::Ended,
    }
}

/// The engine writes year 1 for what did not happen yet, and nanoseconds, which a row does not hold.
fn exit(state: &ContainerState) -> Option<Exit> {
    let at =
        DateTime::parse_from_rfc3339(state.finished_at.as_deref()?).ok()?.to_utc().trunc_subsecs(6);
    let code = state.exit_code.unwrap_or(0);
    let out_of_memory = state.oom_killed == Some(true);
    (at > DateTime::UNIX_EPOCH).then_some(Exit { at, code, out_of_memory })
}

fn evidence(found: &ContainerInspectResponse, image: Option<&ImageInspect>) -> ImageEvidence {
    let id = found.image.clone().unwrap_or_default();
    let mut named: BTreeSet<String> = BTreeSet::new();
    named.extend(found.image_manifest_descriptor.as_ref().and_then(|it| it.digest.clone()));
    if let Some(image) = image {
        named.extend(image.descriptor.as_ref().and_then(|it| it.digest.clone()));
        let digests = image.repo_digests.iter().flatten();
        named.extend(digests.filter_map(|name| Some(name.split_once('@')?.1.to_owned())));
    }
    let from_registry = !named.is_empty();
    named.insert(id.clone());
    ImageEvidence { id, digests: named, from_registry }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: &str) -> ContainerState {
        serde_json::from_str(json).expect("a state")
    }

    #[test]
    fn a_container_that_never_ran_has_no_exit() {
        let created =
            state(r#"{"Running":false,"ExitCode":0,"FinishedAt":"0001-01-01T00:00:00Z"}"#);
        assert_eq!((process(&created), exit(&created)), (Process::Ended, None));
    }

    #[test]
    fn a_killed_process_says_how_it_ended() {
        let killed = state(
            r#"{"ExitCode":137,"OOMKilled":true,"FinishedAt":"2026-01-02T03:04:05.600000001Z"}"#,
        );
        let exit = exit(&killed).expect("it ended");
        assert_eq!(exit.at.timestamp_subsec_nanos(), 600_000_000);
        assert_eq!((exit.code, exit.out_of_memory), (137, true));
    }

    #[test]
    fn paused_and_restarting_are_not_running() {
        assert_eq!(process(&state(r#"{"Running":true,"Paused":true}"#)), Process::Paused);
        assert_eq!(process(&state(r#"{"Running":true,"Restarting":true}"#)), Process::Restarting);
        assert_eq!(process(&state(r#"{"Running":true}"#)), Process::Running);
    }

    #[test]
    fn every_digest_of_an_image_counts() {
        let found =
            ContainerInspectResponse { image: Some("sha256:c".to_owned()), ..Default::default() };
        let image = ImageInspect {
            repo_digests: Some(vec!["r/a@sha256:m".to_owned()]),
            ..Default::default()
        };
        let known = evidence(&found, Some(&image));
        assert!(
            known.from_registry
                && known.digests.contains("sha256:m")
                && known.digests.contains("sha256:c")
        );
        assert!(!evidence(&found, None).from_registry);
    }
}
