//! Configuration: environment variables, read once, every error reported together.

use outgoing::Networks;
use service::{Env, EnvError, Secret};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the deployer is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where gRPC, health and metrics are served.
    pub address: SocketAddr,
    /// Postgres.
    pub database_url: Secret,
    /// NATS; may hold a password.
    pub nats_url: Secret,
    /// What services of the platform show each other.
    pub internal_token: Secret,
    /// The builder.
    pub builder_url: String,
    /// The gateway.
    pub gateway_url: String,
    /// The router's control address.
    pub router_url: String,
    /// Where the router serves users.
    pub traffic_address: SocketAddr,
    /// The Docker Engine.
    pub docker_host: String,
    /// Which platform on this engine the containers belong to.
    pub platform: String,
    /// Where the key that seals secrets lies.
    pub data: PathBuf,
    /// Credentials for registries, as Docker's `config.json`.
    pub registry_auth_file: Option<PathBuf>,
    /// Free space on the engine's disk below which nothing new is prepared, in bytes.
    pub disk_floor: u64,
    /// Bytes that caches may take together which no release mounts any more.
    pub cache_budget: u64,
    /// Time between two collections of what releases left; zero for none but those that a full disk asks for.
    pub collect_every: Duration,
    /// Networks that readings of candidates may come from beside the internet.
    pub private_targets: Networks,
    /// A file with authorities that are trusted beside those of the machine.
    pub ca_file: Option<PathBuf>,
    /// How long the containers of a failed candidate stay to be looked into.
    pub wrecks_kept: Duration,
}

/// Below this much free space a release is refused rather than half done: 2 GiB.
const DISK_FLOOR: u64 = 2 * 1024 * 1024 * 1024;
/// What nobody mounts may be useful again, as when a service comes back: 5 GiB, a few caches of packages or models.
const CACHE_BUDGET: u64 = 5 * 1024 * 1024 * 1024;
/// Time between two collections of what releases left: a day, as for builds.
const COLLECT_EVERY: Duration = Duration::from_hours(24);

/// Long enough to be told of a failure and look.
const WRECKS_KEPT: Duration = Duration::from_hours(1);

impl Config {
    /// The configuration in `env`.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let address = env.or("SLIPWAY_DEPLOYER_ADDRESS", SocketAddr::from(([127, 0, 0, 1], 8804)));
        let database_url = env.secret_file("SLIPWAY_DATABASE_URL");
        let nats_url = env.secret_file("SLIPWAY_NATS_URL");
        let internal_token = env.secret_file("SLIPWAY_INTERNAL_TOKEN");
        let builder_url = env.or("SLIPWAY_BUILDER_URL", "http://127.0.0.1:8803".to_owned());
        let gateway_url = env.or("SLIPWAY_GATEWAY_URL", "http://127.0.0.1:8801".to_owned());
        let router_url = env.or("SLIPWAY_ROUTER_URL", "http://127.0.0.1:8802".to_owned());
        let traffic_address =
            env.or("SLIPWAY_ROUTER_TRAFFIC_ADDRESS", SocketAddr::from(([0, 0, 0, 0], 8080)));
        let docker_host = env.or("DOCKER_HOST", "unix:///var/run/docker.sock".to_owned());
        let platform = env.or("SLIPWAY_INSTANCE", "default".to_owned());
        let data = env.required::<PathBuf>("SLIPWAY_DATA");
        let registry_auth_file = env.optional("SLIPWAY_REGISTRY_AUTH_FILE");
        let disk_floor = env.or("SLIPWAY_DISK_FLOOR", DISK_FLOOR);
        let cache_budget = env.or("SLIPWAY_CACHE_BUDGET", CACHE_BUDGET);
        let collect_every = env.duration_or("SLIPWAY_COLLECT_EVERY", COLLECT_EVERY);
        let private_targets = env.or("SLIPWAY_ALLOW_PRIVATE_TARGETS", Networks::default());
        let ca_file = env.optional("SLIPWAY_CA_FILE");
        let wrecks_kept = env.duration_or("SLIPWAY_WRECKS_KEPT", WRECKS_KEPT);
        env.finish(|| {
            Some(Self {
                address,
                database_url: database_url?,
                nats_url: nats_url?,
                internal_token: internal_token?,
                builder_url,
                gateway_url,
                router_url,
                traffic_address,
                docker_host,
                platform,
                data: data?,
                registry_auth_file,
                disk_floor,
                cache_budget,
                collect_every,
                private_targets,
                ca_file,
                wrecks_kept,
            })
        })
    }
}
