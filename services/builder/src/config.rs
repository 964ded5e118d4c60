//! Settings, from the environment.

use crate::engine::build::Builder;
use crate::engine::host;
use service::{Env, EnvError, Secret};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Builds at once; two keep two processors busy.
const SLOTS: usize = 2;
/// The longest a whole build may take; the manifest's own default for one image.
const TIMEOUT: Duration = Duration::from_hours(1);
/// Below this much free disk no build starts; origin: what one build of an image with a model needs.
const DISK_FLOOR: u64 = 2 * 1024 * 1024 * 1024;
/// Time between two collections of what builds left; origin: a day's builds fit a disk that has room for one.
const COLLECT_EVERY: Duration = Duration::from_hours(24);

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where gRPC and health are served.
    pub address: SocketAddr,
    /// Postgres; holds a password.
    pub database_url: Secret,
    /// NATS; may hold a password.
    pub nats_url: Secret,
    /// What services prove themselves with.
    pub internal_token: Secret,
    /// The gateway, which knows apps.
    pub gateway_url: String,
    /// The deployer, which knows secrets.
    pub deployer_url: String,
    /// The engine.
    pub docker_host: String,
    /// Registry and prefix that images are pushed to.
    pub registry: String,
    /// A file of registry credentials, as `docker login` writes it.
    pub registry_auth_file: Option<PathBuf>,
    /// The data directory of the platform; mirrors live in `builder/` below it.
    pub data: PathBuf,
    /// Which platform's images these are, when several share an engine.
    pub instance: String,
    /// Builds at once.
    pub slots: usize,
    /// Which of the engine's builders to use.
    pub builder: Builder,
    /// The longest a whole build may take.
    pub timeout: Duration,
    /// Network of build steps; the engine's default when absent.
    pub network: Option<String>,
    /// Bytes of memory a build step may use. Only the classic builder keeps to it, so that `auto` then
    /// means classic.
    pub memory: Option<u64>,
    /// A control group whose limits build steps have, with `BuildKit` of engines from 23 on.
    pub cgroup: Option<String>,
    /// Bytes that must be free for a build to start.
    pub disk_floor: u64,
    /// Time between two collections of what builds left; zero for none but those that a full disk asks for.
    pub collect_every: Duration,
    /// Directories below which a repository may be a local path.
    pub local_repositories: Vec<PathBuf>,
}

impl Config {
    /// The settings in `env`, or everything that is wrong with them.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let local = SocketAddr::from(([127, 0, 0, 1], 8803));
        let address = env.or("SLIPWAY_BUILDER_ADDRESS", local);
        let database_url = env.secret_file("SLIPWAY_DATABASE_URL");
        let nats_url = env.secret_file("SLIPWAY_NATS_URL");
        let internal_token = env.secret_file("SLIPWAY_INTERNAL_TOKEN");
        let gateway_url = env.or("SLIPWAY_GATEWAY_URL", "http://127.0.0.1:8801".to_owned());
        let deployer_url = env.or("SLIPWAY_DEPLOYER_URL", "http://127.0.0.1:8804".to_owned());
        let docker_host = env.or("DOCKER_HOST", host::DEFAULT.to_owned());
        let registry = env.required("SLIPWAY_REGISTRY");
        let registry_auth_file = env.optional("SLIPWAY_REGISTRY_AUTH_FILE");
        let data = env.required("SLIPWAY_DATA");
        let instance = env.or("SLIPWAY_INSTANCE", "default".to_owned());
        let slots = env.or("SLIPWAY_BUILDER_SLOTS", SLOTS).max(1);
        let builder = env.or("SLIPWAY_BUILDER", Builder::Auto);
        let timeout = env.duration_or("SLIPWAY_BUILD_TIMEOUT", TIMEOUT);
        let network = env.optional("SLIPWAY_BUILD_NETWORK");
        let memory = env.optional("SLIPWAY_BUILD_MEMORY");
        let cgroup = env.optional("SLIPWAY_BUILD_CGROUP");
        let disk_floor = env.or("SLIPWAY_DISK_FLOOR", DISK_FLOOR);
        let collect_every = env.duration_or("SLIPWAY_COLLECT_EVERY", COLLECT_EVERY);
        let allowed = env.or("SLIPWAY_ALLOW_LOCAL_REPOSITORIES", String::new());
        let allowed = allowed.split(':').filter(|path| !path.is_empty());
        let local_repositories = allowed.map(PathBuf::from).collect();
        env.finish(|| {
            Some(Self {
                address,
                database_url: database_url?,
                nats_url: nats_url?,
                internal_token: internal_token?,
                gateway_url,
                deployer_url,
                docker_host,
                registry: registry?,
                registry_auth_file,
                data: data?,
                instance,
                slots,
                builder,
                timeout,
                network,
                memory,
                cgroup,
                disk_floor,
                collect_every,
                local_repositories,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_set_is_named() {
        let error =
            Config::read(Env::of([("SLIPWAY_BUILDER", "kaniko")])).expect_err("little is set");
        insta::assert_snapshot!(error, @r#"
        the configuration is not valid:
          SLIPWAY_DATABASE_URL: must be set, or SLIPWAY_DATABASE_URL_FILE must name a file
          SLIPWAY_NATS_URL: must be set, or SLIPWAY_NATS_URL_FILE must name a file
          SLIPWAY_INTERNAL_TOKEN: must be set, or SLIPWAY_INTERNAL_TOKEN_FILE must name a file
          SLIPWAY_REGISTRY: must be set
          SLIPWAY_DATA: must be set
          SLIPWAY_BUILDER: "kaniko" is not valid: use auto, buildkit or classic
        "#);
    }
}
