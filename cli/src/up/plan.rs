//! What to start, in which order, with which environment: decided here, done elsewhere.

use super::ready::Ready;
use super::{Account, Layout, Ports};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Our own services. The gateway is last, because it brings work for the others.
pub(crate) const SERVICES: [&str; 5] = ["router", "deployer", "builder", "monitor", "gateway"];

/// Those that keep something in the database.
pub(super) const STATEFUL: [&str; 4] = ["deployer", "builder", "monitor", "gateway"];

/// Variables of the caller that services get, besides those that begin with one of [`PREFIXES`].
const PASSED: [&str; 12] = [
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "DOCKER_HOST",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSH_AUTH_SOCK",
];
/// Beginnings of variables that services get: their own settings, telemetry, and where git and TLS look.
const PREFIXES: [&str; 4] = ["SLIPWAY_", "OTEL_", "GIT_", "SSL_"];
/// Variables that are for this program and not for services.
const WITHHELD: [&str; 4] =
    ["SLIPWAY_SERVER", "SLIPWAY_TOKEN", "SLIPWAY_TOKEN_FILE", "SLIPWAY_NATS_SERVER"];

/// What is started together. Each waits until the ones before are ready; stopping goes backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// Postgres.
    Database,
    /// NATS.
    Bus,
    /// The image registry.
    Registry,
    /// Our own services.
    Services,
}

impl Tier {
    /// In the order of starting.
    pub(super) const ALL: [Self; 4] = [Self::Database, Self::Bus, Self::Registry, Self::Services];

    /// How long a program may take to end before it is killed: services drain requests first.
    pub(super) fn grace(self) -> Duration {
        Duration::from_secs(match self {
            Self::Database => 30,
            Self::Bus | Self::Registry => 10,
            Self::Services => 40,
        })
    }

    /// How long a program may take to get ready: recovery of a database and migrations take longest.
    pub(super) fn patience(self) -> Duration {
        Duration::from_secs(match self {
            Self::Database => 120,
            Self::Bus | Self::Registry => 30,
            Self::Services => 60,
        })
    }
}

/// A program to keep running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// What it is called here.
    pub(super) name: &'static str,
    /// The program and its arguments; no secret is in them.
    pub(super) argv: Vec<String>,
    /// Its whole environment.
    pub(super) env: BTreeMap<String, String>,
    /// The account it runs as; ours when there is none.
    pub(super) account: Option<Account>,
    /// How one sees that it answers.
    pub(super) ready: Ready,
    /// What makes it end in good order.
    pub(super) stop: Signal,
    /// When it is started.
    pub(super) tier: Tier,
}

/// What services are told about each other and the rest.
#[derive(Debug)]
pub(super) struct Wiring<'a> {
    /// The data directory.
    pub(super) layout: &'a Layout,
    /// Where services listen.
    pub(super) ports: Ports,
    /// How to reach NATS.
    pub(super) nats_url: String,
    /// Where images go.
    pub(super) registry: String,
    /// Which platform this is, for labels of containers.
    pub(super) instance: String,
    /// The environment of the caller.
    pub(super) caller: &'a BTreeMap<String, String>,
}

impl Wiring<'_> {
    /// How to start the service `name`.
    pub(super) fn service(&self, name: &'static str, program: &Path) -> Program {
        Program {
            name,
            argv: vec![program.display().to_string()],
            env: self.env(name),
            account: None,
            ready: Ready::Http { address: self.address(name), path: "/readyz" },
            stop: Signal::SIGTERM,
            tier: Tier::Services,
        }
    }

    fn port(&self, name: &str) -> u16 {
        match name {
            "router" => self.ports.router,
            "deployer" => self.ports.deployer,
            "builder" => self.ports.builder,
            "monitor" => self.ports.monitor,
            _ => self.ports.api,
        }
    }

    fn address(&self, name: &str) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port(name)))
    }

    /// The environment of a service: what the caller passes on, then what only we know.
    fn env(&self, name: &str) -> BTreeMap<String, String> {
        let is_passed = |key: &String| {
            let key = key.as_str();
            let has_prefix = PREFIXES.iter().any(|prefix| key.starts_with(prefix));
            (PASSED.contains(&key) || has_prefix) && !WITHHELD.contains(&key)
        };
        let passed = self.caller.iter().filter(|(key, _)| is_passed(key));
        let mut env: BTreeMap<_, _> = passed.map(|(k, v)| (k.clone(), v.clone())).collect();
        for other in SERVICES {
            let (upper, address) = (other.to_uppercase(), self.address(other));
            env.insert(format!("SLIPWAY_{upper}_URL"), format!("http://{address}"));
            env.insert(format!("SLIPWAY_{upper}_ADDRESS"), address.to_string());
        }
        let text = |path: PathBuf| path.display().to_string();
        let layout = self.layout;
        env.extend(
            [
                ("SLIPWAY_GATEWAY_HOOKS_ADDRESS", format!("127.0.0.1:{}", self.ports.hooks)),
                ("SLIPWAY_ROUTER_TRAFFIC_ADDRESS", format!("0.0.0.0:{}", self.ports.traffic)),
                ("SLIPWAY_DATA", text(layout.home(name))),
                ("SLIPWAY_NATS_URL", self.nats_url.clone()),
                ("SLIPWAY_REGISTRY", self.registry.clone()),
                ("SLIPWAY_INSTANCE", self.instance.clone()),
                ("SLIPWAY_INTERNAL_TOKEN_FILE", text(layout.secret("internal-token"))),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        env.remove("SLIPWAY_DATABASE_URL");
        if STATEFUL.contains(&name) {
            let file = text(layout.secret(&database_file(name)));
            env.insert("SLIPWAY_DATABASE_URL_FILE".to_owned(), file);
        }
        if name == "gateway" {
            env.insert("SLIPWAY_BOOTSTRAP_TOKEN_FILE".to_owned(), text(layout.admin_token()));
        }
        env
    }
}

/// The file with the address of a service's database.
pub(super) fn database_file(service: &str) -> String {
    format!("database-url-{service}")
}

#[cfg(test)]
mod tests;
