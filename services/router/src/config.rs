//! Configuration, read once.

use crate::network::Network;
use service::{Env, EnvError, Secret};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What the router is told when it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where users' requests come in.
    pub traffic: SocketAddr,
    /// Where the table is set, and health and metrics are read.
    pub control: SocketAddr,
    /// Below it the last table is kept.
    pub data: PathBuf,
    /// What calls to the control address must carry.
    pub internal_token: Secret,
    /// Worker threads, each with its own listener, connections and event loop.
    pub threads: usize,
    /// Proxies whose word on who asked is taken.
    pub trusted_proxies: Vec<Network>,
    /// Where requests are written down.
    pub access_log: LogTarget,
    /// Where captured traffic is published; without, nothing is captured.
    pub nats_url: Option<Secret>,
    /// How long open requests may take after the router was told to stop.
    pub drain: Duration,
    /// What one client may take.
    pub limits: Limits,
}

/// Where requests are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    /// Nowhere.
    Off,
    /// To standard error.
    Stderr,
    /// At the end of this file.
    File(PathBuf),
}

/// What one client may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections of all clients together.
    pub connections: usize,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// How long the head of a request may take.
    pub head_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub send_timeout: Duration,
}

impl Default for Limits {
    /// As nginx has them: 75 s idle, 60 s to take an answer, 32 KiB of head; a head within 15 s.
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_bytes: 32 * 1024,
            head_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(75),
            send_timeout: Duration::from_mins(1),
        }
    }
}

impl FromStr for LogTarget {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "off" => Self::Off,
            "stderr" => Self::Stderr,
            path => Self::File(path.into()),
        })
    }
}

/// A list with commas.
struct Networks(Vec<Network>);

impl FromStr for Networks {
    type Err = crate::network::InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl Config {
    /// On free ports of this machine, for tests and small set-ups.
    pub fn local(data: PathBuf, internal_token: Secret) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            traffic: any,
            control: any,
            data,
            internal_token,
            threads: 1,
            trusted_proxies: Vec::new(),
            access_log: LogTarget::Off,
            nats_url: None,
            drain: Duration::from_secs(30),
            limits: Limits::default(),
        }
    }

    /// From the environment; everything that is wrong is told at once.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let defaults = Limits::default();
        let traffic =
            env.or("SLIPWAY_ROUTER_TRAFFIC_ADDRESS", SocketAddr::from(([0, 0, 0, 0], 8080)));
        let control = env.or("SLIPWAY_ROUTER_ADDRESS", SocketAddr::from(([127, 0, 0, 1], 8802)));
        let data = env.required("SLIPWAY_DATA");
        let internal_token = env.secret_file("SLIPWAY_INTERNAL_TOKEN");
        let threads = env.or("SLIPWAY_ROUTER_THREADS", 1);
        if !(1..=256).contains(&threads) {
            env.refuse("SLIPWAY_ROUTER_THREADS", "use 1 to 256");
        }
        let trusted = env.or("SLIPWAY_ROUTER_TRUSTED_PROXIES", Networks(Vec::new()));
        let access_log = env.or("SLIPWAY_ROUTER_ACCESS_LOG", LogTarget::Stderr);
        let nats_url = env.optional_secret("SLIPWAY_NATS_URL");
        let drain = env.duration_or("SLIPWAY_ROUTER_DRAIN", Duration::from_secs(30));
        let limits = Limits {
            connections: env.or("SLIPWAY_ROUTER_CONNECTIONS", defaults.connections),
            head_bytes: env.or("SLIPWAY_ROUTER_HEAD_BYTES", defaults.head_bytes),
            head_timeout: env.duration_or("SLIPWAY_ROUTER_HEAD_TIMEOUT", defaults.head_timeout),
            idle_timeout: env.duration_or("SLIPWAY_ROUTER_IDLE_TIMEOUT", defaults.idle_timeout),
            send_timeout: env.duration_or("SLIPWAY_ROUTER_SEND_TIMEOUT", defaults.send_timeout),
        };
        if limits.head_bytes < 8192 {
            env.refuse("SLIPWAY_ROUTER_HEAD_BYTES", "use 8192 or more");
        }
        let trusted_proxies = trusted.0;
        env.finish(|| {
            let (data, internal_token) = (data?, internal_token?);
            Some(Self {
                traffic,
                control,
                data,
                internal_token,
                threads,
                trusted_proxies,
                access_log,
                nats_url,
                drain,
                limits,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_needs_to_be_said() {
        let env = Env::of([("SLIPWAY_DATA", "/data"), ("SLIPWAY_INTERNAL_TOKEN", "t")]);
        let config = Config::read(env).expect("valid");
        assert_eq!((config.traffic.port(), config.control.port(), config.threads), (8080, 8802, 1));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let error = Config::read(Env::of([
            ("SLIPWAY_ROUTER_THREADS", "0"),
            ("SLIPWAY_ROUTER_TRUSTED_PROXIES", "10.0.0.0/8, nobody"),
        ]));
        insta::assert_snapshot!(error.expect_err("invalid"), @r#"
        the configuration is not valid:
          SLIPWAY_DATA: must be set
          SLIPWAY_INTERNAL_TOKEN: must be set, or SLIPWAY_INTERNAL_TOKEN_FILE must name a file
          SLIPWAY_ROUTER_THREADS: use 1 to 256
          SLIPWAY_ROUTER_TRUSTED_PROXIES: "10.0.0.0/8, nobody" is not valid: network "nobody" is not valid: use an address or 10.0.0.0/8
        "#);
    }
}
