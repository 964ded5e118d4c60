//! What stands around a world's services and is the world's own: to be taken away, filled up, or cut off.

use crate::World;
use std::path::Path;
use testkit::{Engine, GitHub, Loopback, Nats, Postgres, Proxy, Registry};

/// Room on a small disk: more than builds keep free, and not much.
const SMALL: u32 = 192;

/// What a world has for itself. The rest it shares.
#[derive(Debug, Default)]
pub struct Around {
    /// Where images are.
    pub registry: Option<Registry>,
    /// Where the truth is.
    pub postgres: Option<Postgres>,
    /// Where instances run; images are built by the shared one.
    pub engine: Option<Engine>,
    /// The wires between services and what they talk to.
    pub wires: bool,
    /// Disks that can be full lie below the broker's store and the services' data.
    pub small_disks: bool,
    /// The services' clock can be set.
    pub clock: bool,
    /// What is told of releases and asked about CI, of the app `shop`.
    pub github: Option<GitHub>,
}

impl Around {
    /// A registry and a Postgres, wires to everything.
    pub fn alone(host: Loopback) -> Self {
        Self {
            registry: Some(Registry::start(host)),
            postgres: Some(Postgres::start(host)),
            wires: true,
            ..Self::default()
        }
    }

    /// What services are told of it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let Some(github) = &self.github else { return Vec::new() };
        vec![
            ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8".to_owned()),
            ("SLIPWAY_GITHUB_URL", github.url()),
            ("SLIPWAY_GITHUB_TOKEN", testkit::github::TOKEN.to_owned()),
            ("SLIPWAY_GITHUB_REPOSITORIES", format!("shop={}", testkit::github::REPOSITORY)),
        ]
    }

    pub(crate) fn broker(&self, program: &Path, host: Loopback) -> Nats {
        if self.small_disks {
            Nats::on_small_disk(program, host, SMALL)
        } else {
            Nats::start(program, host)
        }
    }

    pub(crate) fn disk(&self, folder: &Path) -> Option<testkit::SmallDisk> {
        self.small_disks.then(|| testkit::SmallDisk::over(folder, SMALL))
    }
}

impl World {
    /// Starts everything, with a registry of its own.
    pub async fn with_registry() -> Self {
        let host = Loopback::unused();
        let registry = Some(Registry::start(host));
        Self::at(host, &[], Around { registry, ..Around::default() }).await
    }

    /// Starts everything, with a GitHub of its own and `extra` settings.
    pub async fn with_github(extra: &[(&'static str, &str)]) -> Self {
        let github = Some(GitHub::start().await);
        Self::at(Loopback::unused(), extra, Around { github, ..Around::default() }).await
    }

    /// The world's own GitHub.
    pub fn github(&self) -> &GitHub {
        self.around.github.as_ref().expect("this world has a GitHub of its own")
    }
}

/// The wires of a world.
#[derive(Debug)]
pub struct Wires {
    /// To the database.
    pub postgres: Proxy,
    /// To the broker.
    pub nats: Proxy,
    /// To the engine.
    pub docker: Proxy,
    folder: tempfile::TempDir,
    host: Loopback,
}

const POSTGRES: u16 = 15432;
const NATS: u16 = 14222;

impl Wires {
    /// Good wires, from `host`, to what these addresses say.
    pub(crate) fn lay(host: Loopback, (postgres, nats): (&str, &Nats), docker: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for a socket");
        let socket = docker.strip_prefix("unix://").expect("the engine has a socket");
        Self {
            postgres: Proxy::tcp(
                host.port(POSTGRES),
                server(postgres).1.parse().expect("an address"),
            ),
            nats: Proxy::tcp(host.port(NATS), nats.address()),
            docker: Proxy::unix(&folder.path().join("docker.sock"), Path::new(socket)),
            folder,
            host,
        }
    }

    /// The database at `url`, at the end of the wire.
    pub(crate) fn to_database(&self, url: &str) -> String {
        let (before, _, after) = server(url);
        format!("{before}@{}/{after}", self.host.port(POSTGRES))
    }

    pub(crate) fn to_nats(&self) -> String {
        format!("nats://{}", self.host.port(NATS))
    }

    pub(crate) fn to_docker(&self) -> String {
        format!("unix://{}", self.folder.path().join("docker.sock").display())
    }
}

/// What stands before, as, and after the server in the address of a database.
fn server(url: &str) -> (&str, &str, &str) {
    let (before, rest) = url.rsplit_once('@').expect("an address with a user");
    let (server, after) = rest.split_once('/').expect("an address with a database");
    (before, server, after)
}
