//! What the platform stands on goes away in the middle of a step, or gets bad, and is well again.

use crate::{Around, World};
use std::time::Duration;
use testkit::{Engine, GitHub, Mode};

/// What goes wrong around a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calamity {
    /// The broker is killed and started again.
    NatsKilled,
    /// The same, and its store is lost.
    NatsWiped,
    /// Nothing comes from the broker, not even that it is gone.
    NatsSilent,
    /// The broker cannot store anything.
    NatsDiskFull,
    /// The database is killed and recovers.
    PostgresKilled,
    /// What is committed is so, and nobody is told.
    PostgresAnswersCut,
    /// Nothing comes from the database for a while, not even that it is gone.
    PostgresAway,
    /// The same, for a minute.
    PostgresAwayLong,
    /// The registry is away until the release has ended.
    RegistryAway,
    /// The router is killed and started again; requests inside it are lost.
    RouterKilled,
    /// Every service but the router is killed and started again.
    ControlKilled,
    /// The services can write nothing, neither files nor logs, until the release has ended.
    DataDiskFull,
    /// The engine takes its time until the release has ended.
    DockerSlow,
    /// The engine ends every connection.
    DockerReset,
    /// The engine does what it is told, and nobody hears of it.
    DockerAnswersCut,
    /// Nothing comes from the engine.
    DockerSilent,
    /// The engine is stopped and started, and its instances with it: users wait for them.
    EngineRestarted,
    /// The engine is stopped and started; its instances go on.
    EngineReplaced,
    /// The engine is killed and started, and ends its instances then: users wait for them.
    EngineKilled,
    /// The engine is killed and started; its instances go on.
    LiveEngineKilled,
    /// The engine can store nothing until the release has ended.
    EngineDiskFull,
    /// The services believe that it is an hour later, until the release has ended.
    ClockAhead,
    /// The services believe that it is an hour earlier, until the release has ended.
    ClockBehind,
}

/// Every one of them.
pub const CALAMITIES: [Calamity; 23] = [
    Calamity::NatsKilled,
    Calamity::NatsWiped,
    Calamity::NatsSilent,
    Calamity::NatsDiskFull,
    Calamity::PostgresKilled,
    Calamity::PostgresAnswersCut,
    Calamity::PostgresAway,
    Calamity::PostgresAwayLong,
    Calamity::RegistryAway,
    Calamity::RouterKilled,
    Calamity::ControlKilled,
    Calamity::DataDiskFull,
    Calamity::DockerSlow,
    Calamity::DockerReset,
    Calamity::DockerAnswersCut,
    Calamity::DockerSilent,
    Calamity::EngineRestarted,
    Calamity::EngineReplaced,
    Calamity::EngineKilled,
    Calamity::LiveEngineKilled,
    Calamity::EngineDiskFull,
    Calamity::ClockAhead,
    Calamity::ClockBehind,
];

/// What a calamity happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The engine that all share.
    Usual,
    /// The same, with a clock for the services.
    Clock,
    /// An engine of its own.
    Engine,
    /// The same, whose instances outlive it.
    LiveEngine,
    /// The same on a small disk.
    SmallEngine,
}

/// How long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasts {
    /// It is over as soon as it is mended.
    Moment,
    For(Duration),
    /// Nobody waits for its end during a release.
    Whole,
}

const CONTROL: [&str; 4] = ["gateway", "builder", "deployer", "monitor"];
/// How late a slow engine's answers are, and as late what it is told.
const SLOW: Duration = Duration::from_millis(250);
const HOUR: i64 = 3600;
/// Room for a base image and what is made of it.
const ENGINE_DISK: u32 = 1024;

impl Ground {
    /// Every one of them.
    pub const ALL: [Self; 5] =
        [Self::Usual, Self::Clock, Self::Engine, Self::LiveEngine, Self::SmallEngine];

    pub(super) async fn world(self) -> World {
        let github = Some(GitHub::start().await);
        let more = |around| match self {
            Self::Usual => Around { small_disks: true, ..around },
            Self::Clock => Around { clock: true, ..around },
            Self::Engine => Around { engine: Some(Engine::start(false)), ..around },
            Self::LiveEngine => Around { engine: Some(Engine::start(true)), ..around },
            Self::SmallEngine => {
                Around { engine: Some(Engine::on_small_disk(ENGINE_DISK)), ..around }
            }
        };
        World::alone_and(|around| Around { github, ..more(around) }).await
    }
}

impl Calamity {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::NatsKilled => "nats_killed",
            Self::NatsWiped => "nats_wiped",
            Self::NatsSilent => "nats_silent",
            Self::NatsDiskFull => "nats_disk_full",
            Self::PostgresKilled => "postgres_killed",
            Self::PostgresAnswersCut => "postgres_answers_cut",
            Self::PostgresAway => "postgres_away",
            Self::PostgresAwayLong => "postgres_gone_for_a_minute",
            Self::RegistryAway => "registry_away",
            Self::RouterKilled => "router_killed",
            Self::ControlKilled => "control_killed",
            Self::DataDiskFull => "data_disk_full",
            Self::DockerSlow => "docker_slow",
            Self::DockerReset => "docker_reset",
            Self::DockerAnswersCut => "docker_answers_cut",
            Self::DockerSilent => "docker_silent",
            Self::EngineRestarted => "engine_restarted",
            Self::EngineReplaced => "engine_replaced",
            Self::EngineKilled => "engine_killed",
            Self::LiveEngineKilled => "live_engine_killed",
            Self::EngineDiskFull => "engine_disk_full",
            Self::ClockAhead => "clock_ahead",
            Self::ClockBehind => "clock_behind",
        }
    }

    /// What it needs.
    pub fn ground(self) -> Ground {
        match self {
            Self::EngineRestarted | Self::EngineKilled => Ground::Engine,
            Self::EngineReplaced | Self::LiveEngineKilled => Ground::LiveEngine,
            Self::EngineDiskFull => Ground::SmallEngine,
            Self::ClockAhead | Self::ClockBehind => Ground::Clock,
            Self::NatsKilled
            | Self::NatsWiped
            | Self::NatsSilent
            | Self::NatsDiskFull
            | Self::PostgresKilled
            | Self::PostgresAnswersCut
            | Self::PostgresAway
            | Self::PostgresAwayLong
            | Self::RegistryAway
            | Self::RouterKilled
            | Self::ControlKilled
            | Self::DataDiskFull
            | Self::DockerSlow
            | Self::DockerReset
            | Self::DockerAnswersCut
            | Self::DockerSilent => Ground::Usual,
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
            Self::NatsSilent => world.wires().nats.set(Mode::BlackHole),
            Self::NatsDiskFull => world.nats.disk().fill(),
            Self::PostgresKilled => world.postgres().kill(),
            Self::PostgresAnswersCut => world.wires().postgres.set(Mode::CutAnswers("COMMIT")),
            Self::PostgresAway | Self::PostgresAwayLong => {
                world.wires().postgres.set(Mode::BlackHole);
            }
            Self::RegistryAway => world.registry().kill(),
            Self::RouterKilled => world.kill("router"),
            Self::ControlKilled => CONTROL.into_iter().for_each(|service| world.kill(service)),
            Self::DataDiskFull => world.disk().fill(),
            Self::DockerSlow => world.wires().docker.set(Mode::Slow(SLOW)),
            Self::DockerReset => world.wires().docker.set(Mode::Reset),
            Self::DockerAnswersCut => world.wires().docker.set(Mode::CutAnswers("POST /")),
            Self::DockerSilent => world.wires().docker.set(Mode::BlackHole),
            Self::EngineRestarted | Self::EngineReplaced => world.engine().stop(),
            Self::EngineKilled | Self::LiveEngineKilled => world.engine().kill(),
            Self::EngineDiskFull => world.engine().disk().fill(),
            Self::ClockAhead => world.clock().set(HOUR),
            Self::ClockBehind => world.clock().set(-HOUR),
        }
    }

    /// It is over.
    pub(super) fn end(self, world: &mut World) {
        match self {
            Self::NatsKilled | Self::NatsWiped => world.nats.resume(),
            Self::NatsSilent => world.wires().nats.set(Mode::Pass),
            Self::NatsDiskFull => {
                world.nats.disk().free();
                // A broker whose disk was full stays still until it is started again.
                world.nats.kill();
                world.nats.resume();
            }
            Self::PostgresKilled => world.postgres().resume(),
            Self::PostgresAnswersCut | Self::PostgresAway | Self::PostgresAwayLong => {
                world.wires().postgres.set(Mode::Pass);
            }
            Self::RegistryAway => world.registry().resume(),
            Self::RouterKilled => world.resume("router"),
            Self::ControlKilled => CONTROL.into_iter().for_each(|service| world.resume(service)),
            Self::DataDiskFull => world.disk().free(),
            Self::DockerSlow | Self::DockerReset | Self::DockerAnswersCut | Self::DockerSilent => {
                world.wires().docker.set(Mode::Pass);
            }
            Self::EngineRestarted
            | Self::EngineReplaced
            | Self::EngineKilled
            | Self::LiveEngineKilled => world.engine().resume(),
            Self::EngineDiskFull => world.engine().disk().free(),
            Self::ClockAhead | Self::ClockBehind => world.clock().set(0),
        }
    }

    pub(super) fn lasts(self) -> Lasts {
        match self {
            Self::RegistryAway
            | Self::NatsDiskFull
            | Self::DataDiskFull
            | Self::DockerSlow
            | Self::EngineDiskFull
            | Self::ClockAhead
            | Self::ClockBehind => Lasts::Whole,
            Self::PostgresAnswersCut
            | Self::DockerReset
            | Self::DockerAnswersCut
            | Self::DockerSilent => Lasts::For(Duration::from_secs(3)),
            Self::NatsSilent | Self::PostgresAway => Lasts::For(Duration::from_secs(8)),
            Self::PostgresAwayLong => Lasts::For(Duration::from_mins(1)),
            Self::NatsKilled
            | Self::NatsWiped
            | Self::PostgresKilled
            | Self::RouterKilled
            | Self::ControlKilled
            | Self::EngineRestarted
            | Self::EngineReplaced
            | Self::EngineKilled
            | Self::LiveEngineKilled => Lasts::Moment,
        }
    }

    /// Requests may be lost: they were inside the router, or the engine took their instances along.
    pub fn may_lose(self) -> bool {
        matches!(self, Self::RouterKilled | Self::EngineRestarted | Self::EngineKilled)
    }

    /// A good release may also fail or go back: its time ran out, or its instances were taken away. Still one is live.
    pub(super) fn may_fail(self) -> bool {
        matches!(
            self,
            Self::PostgresAwayLong
                | Self::EngineRestarted
                | Self::EngineKilled
                | Self::EngineDiskFull
        )
    }
}
