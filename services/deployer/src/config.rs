//! Configuration: environment variables, read once, every error reported together.

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
    /// How long the containers of a failed candidate stay to be looked into.
    pub wrecks_kept: Duration,
}

/// Below this much free space a release is refused rather than half done: 2 GiB.
const DISK_FLOOR: u64 = 2 * 1024 * 1024 * 1024;

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
        let docker_host = env.or("DOCKER_HOST", "unix:///var/run/docker.sock".to_owned());
        let platform = env.or("SLIPWAY_INSTANCE", "default".to_owned());
        let data = env.required::<PathBuf>("SLIPWAY_DATA");
        let registry_auth_file = env.optional("SLIPWAY_REGISTRY_AUTH_FILE");
        let disk_floor = env.or("SLIPWAY_DISK_FLOOR", DISK_FLOOR);
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
                docker_host,
                platform,
                data: data?,
                registry_auth_file,
                disk_floor,
                wrecks_kept,
            })
        })
    }
}
