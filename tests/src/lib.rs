//! The whole platform, as programs, for end-to-end stories and the demo: real Postgres, NATS, Docker,
//! registry and git; only the forge is played by the test.

mod app;
mod arm;
mod around;
mod building;
mod client;
pub mod crash;
pub mod demo;
mod docker;
mod engineer;
pub mod fixture;
mod image;
mod late;
mod leftovers;
mod permits;
mod poison;
mod pushing;
mod router_control;
mod running;
mod shop;
mod slipway;
mod slow_step;
pub mod soak;
mod socket;
mod truth;
pub mod upgrade;
mod uploads;
mod wall_clock;
mod world;

pub use app::{App, WEBHOOK_SECRET};
pub use around::{Around, Wires};
pub use building::{built, digest};
pub use client::Client;
pub use docker::Docker;
pub use pushing::{MAIN, outcome};
pub use running::{Running, program};
pub use shop::{rework, rewrite};
pub use slipway::{Begun, Follower, Ran, slipway_alone};
pub use slow_step::SlowStep;
pub use socket::Socket;
pub use uploads::Uploads;
pub use wall_clock::WallClock;
pub use world::{ADMIN_TOKEN, SERVICES, World};
