//! What the engine says of a container, as values.

use super::label::{self, Labels};
use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerSummary, ContainerSummaryStateEnum,
    HealthStatusEnum,
};
use chrono::{DateTime, Utc};
use events::InstanceId;
use std::net::IpAddr;

/// What the engine's own check says; advice, never a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It has none.
    Unchecked,
    /// It has not decided yet.
    Starting,
    /// The last checks were good.
    Healthy,
    /// The last checks were bad.
    Unhealthy,
}

/// One container as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFacts {
    /// Docker's id of it.
    pub container_id: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its process runs.
    pub running: bool,
    /// It ended, and the engine is about to start it again.
    pub restarting: bool,
    /// Its first process, as the machine numbers it, while it runs.
    pub pid: Option<u32>,
    /// How the process ended, while it does not run and did run.
    pub exit_code: Option<i32>,
    /// The kernel ended a process of it for its memory.
    pub oom_killed: bool,
    /// What the engine says about a start that failed.
    pub error: Option<String>,
    /// How often the engine started it again.
    pub restart_count: u32,
    /// When it was started last.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended last.
    pub finished_at: Option<DateTime<Utc>>,
    /// What the engine's own check says.
    pub health: Health,
    /// The engine's id of its image.
    pub image_id: String,
    /// The image it was made of, as it was asked for.
    pub image: String,
    /// Whom it runs as; `None` is root.
    pub user: Option<String>,
    /// The signal it wants to be stopped with.
    pub stop_signal: Option<String>,
    /// Its limit of memory in bytes.
    pub memory: Option<u64>,
    /// Its address in the private network, while it runs.
    pub address: Option<IpAddr>,
}

impl InstanceFacts {
    pub(super) fn of(found: ContainerInspectResponse) -> Self {
        let config = found.config.unwrap_or_default();
        let state = found.state.unwrap_or_default();
        let running = state.running == Some(true) && state.restarting != Some(true);
        let networks = found.network_settings.and_then(|settings| settings.networks);
        let memory = found.host_config.and_then(|host| host.memory);
        Self {
            container_id: found.id.unwrap_or_default(),
            name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
            labels: label::read(config.labels),
            running,
            restarting: state.restarting == Some(true),
            pid: state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|&pid| pid != 0),
            exit_code: exit_code(running, &state),
            oom_killed: state.oom_killed == Some(true),
            restart_count: found.restart_count.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            started_at: time(state.started_at.as_deref()),
            finished_at: time(state.finished_at.as_deref()),
            health: health(state.health.and_then(|health| health.status)),
            error: state.error.filter(|error| !error.is_empty()),
            image_id: found.image.unwrap_or_default(),
            image: config.image.unwrap_or_default(),
            user: config.user.filter(|user| !user.is_empty()),
            stop_signal: config.stop_signal.filter(|signal| !signal.is_empty()),
            memory: memory.and_then(|bytes| u64::try_from(bytes).ok()).filter(|&bytes| bytes > 0),
            address: networks
                .into_iter()
                .flatten()
                .find_map(|(_, network)| network.ip_address?.parse().ok()),
        }
    }
}

fn exit_code(running: bool, state: &ContainerState) -> Option<i32> {
    let ran = time(state.finished_at.as_deref()).is_some()
        || state.error.as_ref().is_some_and(|error| !error.is_empty());
    (!running && ran).then_some(state.exit_code).flatten().and_then(|code| code.try_into().ok())
}

/// The engine writes year 1 for what did not happen yet.
fn time(text: Option<&str>) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text?).ok()?.to_utc();
    (time > DateTime::UNIX_EPOCH).then_some(time)
}

fn health(status: Option<HealthStatusEnum>) -> Health {
    match status {
        Some(HealthStatusEnum::STARTING) => Health::Starting,
        Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
        Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
        Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) | None => Health::Unchecked,
    }
}

/// A container in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Docker's id of it.
    pub container_id: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Its process runs.
    pub running: bool,
}

impl Labelled {
    /// Whose container it is.
    pub fn instance(&self) -> Option<InstanceId> {
        self.labels.get(label::UID)?.parse().ok()
    }

    pub(super) fn of(found: ContainerSummary) -> Self {
        let name = found.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        Self {
            container_id: found.id.unwrap_or_default(),
            name: name.trim_start_matches('/').to_owned(),
            labels: label::read(found.labels),
            created_at: found
                .created
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
                .unwrap_or(DateTime::UNIX_EPOCH),
            running: found.state == Some(ContainerSummaryStateEnum::RUNNING),
        }
    }
}
