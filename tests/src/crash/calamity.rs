//! What the platform stands on goes away in the middle of a step, and comes back.

use crate::World;

/// What goes wrong around a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calamity {
    /// The broker is killed and started again.
    NatsKilled,
    /// The same, and its store is lost.
    NatsWiped,
    /// The database is killed and recovers.
    PostgresKilled,
    /// The registry is away until the release has ended.
    RegistryAway,
    /// The router is killed and started again; requests inside it are lost.
    RouterKilled,
    /// Every service but the router is killed and started again.
    ControlKilled,
}

/// Every one of them.
pub const CALAMITIES: [Calamity; 6] = [
    Calamity::NatsKilled,
    Calamity::NatsWiped,
    Calamity::PostgresKilled,
    Calamity::RegistryAway,
    Calamity::RouterKilled,
    Calamity::ControlKilled,
];

const CONTROL: [&str; 4] = ["gateway", "builder", "deployer", "monitor"];

impl Calamity {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::NatsKilled => "nats_killed",
            Self::NatsWiped => "nats_wiped",
            Self::PostgresKilled => "postgres_killed",
            Self::RegistryAway => "registry_away",
            Self::RouterKilled => "router_killed",
            Self::ControlKilled => "control_killed",
        }
    }

    /// It strikes.
    pub(super) fn strike(self, world: &mut World) {
        match self {
            Self::NatsKilled => world.nats.kill(),
            Self::NatsWiped => {
                world.nats.kill();
                world.nats.wipe();
            }
            Self::PostgresKilled => world.postgres().kill(),
            Self::RegistryAway => world.registry.as_mut().expect("its own registry").kill(),
            Self::RouterKilled => world.kill("router"),
            Self::ControlKilled => CONTROL.into_iter().for_each(|service| world.kill(service)),
        }
    }

    /// It is over.
    pub(super) fn end(self, world: &mut World) {
        match self {
            Self::NatsKilled | Self::NatsWiped => world.nats.resume(),
            Self::PostgresKilled => world.postgres().resume(),
            Self::RegistryAway => world.registry.as_mut().expect("its own registry").resume(),
            Self::RouterKilled => world.resume("router"),
            Self::ControlKilled => CONTROL.into_iter().for_each(|service| world.resume(service)),
        }
    }

    /// Nobody waits for it during a release.
    pub(super) fn lasts(self) -> bool {
        self == Self::RegistryAway
    }

    /// Requests may be lost: they were inside the router.
    pub fn may_lose(self) -> bool {
        self == Self::RouterKilled
    }
}
