//! Where the tests find what they talk to. `make test` starts it and says so in the environment.

use std::path::PathBuf;

/// What `deploy/setup/test-infra start` started.
#[derive(Debug, Clone)]
pub struct Infra {
    /// A Postgres cluster in which databases may be made.
    pub database_url: String,
    /// The `nats-server` program.
    pub nats_server: PathBuf,
    /// The Docker Engine.
    pub docker_host: String,
    /// A registry on loopback.
    pub registry: String,
    /// An image with Python that test applications are built from.
    pub base_image: String,
}

impl Infra {
    /// What the environment says; panics with what to do when something is missing.
    pub fn from_environment() -> Self {
        Self {
            database_url: variable("SLIPWAY_TEST_DATABASE_URL"),
            nats_server: variable("SLIPWAY_TEST_NATS_SERVER").into(),
            docker_host: variable("SLIPWAY_TEST_DOCKER"),
            registry: variable("SLIPWAY_TEST_REGISTRY"),
            base_image: variable("SLIPWAY_TEST_BASE_IMAGE"),
        }
    }
}

/// The variable called `name`; panics with what to do when it is not set.
#[expect(clippy::panic, clippy::disallowed_methods, reason = "a test cannot go on without it")]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `make test`, or `deploy/setup/test-infra start` and source .slipway/test/env")
    })
}
