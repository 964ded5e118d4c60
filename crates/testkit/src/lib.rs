//! For tests only: what stands around the services (databases, NATS servers, git repositories, forges,
//! users), real where it matters, and the words that stories are told in.

mod address;
mod collector;
mod database;
mod engine;
mod http;
mod infra;
mod load;
mod nats;
mod postgres;
mod proxy;
mod registry;
mod repo;
mod root;
mod small_disk;
mod wait;
pub mod webhook;

pub use address::Loopback;
pub use collector::Collector;
pub use database::Database;
pub use engine::Engine;
pub use http::{Answer, Http};
pub use infra::{Infra, variable};
pub use load::{Load, Report};
pub use nats::Nats;
pub use postgres::Postgres;
pub use proxy::{Mode, Proxy};
pub use registry::Registry;
pub use repo::Repo;
pub use small_disk::SmallDisk;
pub use wait::eventually;
