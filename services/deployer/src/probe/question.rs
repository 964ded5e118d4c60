//! What is asked, by what thresholds, and of whom.

use super::{Answer, Thresholds, exec, http, tcp};
use crate::docker::{Engine, Mask};
use manifest::{ResolvedHealth, ResolvedProbe, ResolvedTarget};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// GET a path, to be answered with 2xx.
    Get {
        /// The port in the container.
        port: u16,
        /// The path, with its query.
        path: String,
    },
    /// A port that must accept a connection.
    Tcp {
        /// The port in the container.
        port: u16,
    },
    /// A command in the container that must end with status 0.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// Nothing: running is enough.
    Running,
}

impl Target {
    /// The port it asks at, if it does.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Get { port, .. } | Self::Tcp { port } => Some(*port),
            Self::Exec { .. } | Self::Running => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get { port, path } => write!(f, "GET :{port}{path}"),
            Self::Tcp { port } => write!(f, "connect to :{port}"),
            Self::Exec { command } => write!(f, "exec {}", command.join(" ")),
            Self::Running => f.write_str("running"),
        }
    }
}

/// One question, how often it is asked and what its answers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub target: Target,
    /// How long an answer may take.
    pub timeout: Duration,
    /// What its answers mean.
    pub thresholds: Thresholds,
}

impl Probe {
    /// The question whether an instance may get requests. Without one in the manifest: it ran for its
    /// `steady` time.
    pub fn ready(health: &ResolvedHealth) -> Self {
        let start_period = health.start_period.duration();
        match &health.ready {
            Some(probe) => Self::of(probe, start_period),
            None => Self {
                target: Target::Running,
                timeout: Duration::from_secs(5),
                thresholds: Thresholds {
                    initial_delay: health.steady.duration(),
                    period: Duration::from_secs(1),
                    successes: 1,
                    failures: 1,
                    start_period,
                },
            },
        }
    }

    /// The question whether an instance must be restarted, if there is one.
    pub fn live(health: &ResolvedHealth) -> Option<Self> {
        health.live.as_ref().map(|probe| Self::of(probe, health.start_period.duration()))
    }

    fn of(probe: &ResolvedProbe, start_period: Duration) -> Self {
        let target = match &probe.target {
            ResolvedTarget::Get { port, path } => {
                Target::Get { port: port.get(), path: path.to_string() }
            }
            ResolvedTarget::Tcp { port } => Target::Tcp { port: port.get() },
            ResolvedTarget::Exec { command } => {
                Target::Exec { command: command.iter().map(ToString::to_string).collect() }
            }
        };
        Self {
            target,
            timeout: probe.timeout.duration(),
            thresholds: Thresholds {
                initial_delay: probe.initial_delay.duration(),
                period: probe.period.duration(),
                successes: probe.successes,
                failures: probe.failures,
                start_period,
            },
        }
    }
}

/// Asks once. Never longer than the probe's timeout and a moment. Without a mask, what the instance says is not told.
pub async fn ask(
    engine: &Engine,
    container: &str,
    address: Option<IpAddr>,
    probe: &Probe,
    mask: Option<&Mask>,
) -> Answer {
    let answer = answer(engine, container, address, probe).await;
    engine.probes.note(&probe.target, &answer);
    answer.told(mask)
}

async fn answer(
    engine: &Engine,
    container: &str,
    address: Option<IpAddr>,
    probe: &Probe,
) -> Answer {
    let at = |port| address.map(|ip| SocketAddr::new(ip, port));
    match &probe.target {
        Target::Get { port, path } => match at(*port) {
            Some(address) => http::ask(address, path, probe.timeout).await,
            None => Answer::Unasked("the container has no address".to_owned()),
        },
        Target::Tcp { port } => match at(*port) {
            Some(address) => tcp::ask(address, probe.timeout).await,
            None => Answer::Unasked("the container has no address".to_owned()),
        },
        Target::Exec { command } => exec::ask(engine, container, command, probe.timeout).await,
        Target::Running => match engine.inspect(container).await {
            Ok(facts) if facts.running => Answer::Connected,
            Ok(_) => Answer::Refused,
            Err(error) => Answer::Unasked(error.to_string()),
        },
    }
}
