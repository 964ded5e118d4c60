//! What the monitor is told when it starts.

use crate::{Samples, heal, liveness};
use service::{Env, EnvError, Secret};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How often everything is looked at without a reason: what events miss is found this late.
const EVERY: Duration = Duration::from_secs(30);
/// Where the engine is on every Linux machine.
const DOCKER_HOST: &str = "unix:///var/run/docker.sock";
/// How long captured requests are kept.
const SAMPLES_KEPT: Duration = Duration::from_hours(24 * 14);
/// How many bytes of them.
const SAMPLES_BYTES: u64 = 1 << 30;
/// The platform when a machine has only one.
const PLATFORM: &str = "default";

/// What the monitor is told when it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where other services ask.
    pub address: SocketAddr,
    /// Postgres; holds a password.
    pub database_url: Secret,
    /// NATS; may hold a password.
    pub nats_url: Secret,
    /// What services prove to each other that they are services with.
    pub internal_token: Secret,
    /// Where the deployer answers.
    pub deployer_url: String,
    /// Where the builder answers.
    pub builder_url: String,
    /// Where the router tells its table.
    pub router_url: String,
    /// The engine.
    pub docker_host: String,
    /// Which Slipway of the machine this is, as in the label `slipway.instance`.
    pub platform: String,
    /// Folder for the key that hashes values.
    pub data: PathBuf,
    /// How often everything is looked at without a reason.
    pub every: Duration,
    /// How much is healed, and how fast.
    pub heal: heal::Limits,
    /// How fast instances are restarted.
    pub restart: liveness::Pace,
    /// Where captured requests are kept.
    pub samples: Samples,
}

impl Config {
    /// The configuration in the environment, or everything that is wrong with it.
    pub fn read(mut env: Env) -> Result<Self, EnvError> {
        let address = env.or("SLIPWAY_MONITOR_ADDRESS", SocketAddr::from(([127, 0, 0, 1], 8805)));
        let database_url = env.secret_file("SLIPWAY_DATABASE_URL");
        let nats_url = env.secret_file("SLIPWAY_NATS_URL");
        let internal_token = env.secret_file("SLIPWAY_INTERNAL_TOKEN");
        let deployer_url = env.or("SLIPWAY_DEPLOYER_URL", "http://127.0.0.1:8804".to_owned());
        let builder_url = env.or("SLIPWAY_BUILDER_URL", "http://127.0.0.1:8803".to_owned());
        let router_url = env.or("SLIPWAY_ROUTER_URL", "http://127.0.0.1:8802".to_owned());
        let docker_host = env.or("DOCKER_HOST", DOCKER_HOST.to_owned());
        let platform = env.or("SLIPWAY_INSTANCE", PLATFORM.to_owned());
        let data: Option<PathBuf> = env.required("SLIPWAY_DATA");
        let every = env.duration_or("SLIPWAY_MONITOR_EVERY", EVERY);
        let (heal, restart) = (heal::Limits::default(), liveness::Pace::default());
        let heal = heal::Limits {
            first: env.duration_or("SLIPWAY_MONITOR_HEAL_PAUSE", heal.first),
            budget: env.or("SLIPWAY_MONITOR_HEALS", heal.budget),
        };
        let restart = liveness::Pace {
            first: env.duration_or("SLIPWAY_MONITOR_RESTART_PAUSE", restart.first),
            quiet: env.duration_or("SLIPWAY_MONITOR_QUIET", restart.quiet),
        };
        let kept = env.duration_or("SLIPWAY_MONITOR_SAMPLES_KEPT", SAMPLES_KEPT);
        let bytes = env.or("SLIPWAY_MONITOR_SAMPLES_BYTES", SAMPLES_BYTES);
        env.finish(|| {
            let data = data?;
            Some(Self {
                address,
                database_url: database_url?,
                nats_url: nats_url?,
                internal_token: internal_token?,
                deployer_url,
                builder_url,
                router_url,
                docker_host,
                platform,
                samples: Samples { folder: data.join("samples"), kept, bytes },
                data,
                every,
                heal,
                restart,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_together() {
        let env =
            Env::of([("SLIPWAY_MONITOR_ADDRESS", "here"), ("SLIPWAY_MONITOR_EVERY", "often")]);
        insta::assert_snapshot!(Config::read(env).expect_err("not valid"), @r#"
        the configuration is not valid:
          SLIPWAY_MONITOR_ADDRESS: "here" is not valid: invalid socket address syntax
          SLIPWAY_DATABASE_URL: must be set, or SLIPWAY_DATABASE_URL_FILE must name a file
          SLIPWAY_NATS_URL: must be set, or SLIPWAY_NATS_URL_FILE must name a file
          SLIPWAY_INTERNAL_TOKEN: must be set, or SLIPWAY_INTERNAL_TOKEN_FILE must name a file
          SLIPWAY_DATA: must be set
          SLIPWAY_MONITOR_EVERY: "often" is not valid: use a number and ms, s, m or h
        "#);
    }
}
