//! For tests only: what stands around the services (databases, NATS servers, git repositories, forges,
//! users), real where it matters, and the words that stories are told in.

mod address;
mod collector;
mod database;
mod documents;
mod engine;
pub mod github;
mod http;
mod infra;
mod load;
mod mailbox;
mod nats;
mod postgres;
mod prometheus;
mod proxy;
mod receiver;
mod registry;
mod repo;
mod root;
mod serving;
mod small_disk;
mod tls;
mod wait;
pub mod webhook;

pub use address::Loopback;
pub use collector::Collector;
pub use database::Database;
pub use documents::Documents;
pub use engine::Engine;
pub use github::GitHub;
pub use http::{Answer, Http};
pub use infra::{Infra, variable};
pub use load::{Load, Report};
pub use mailbox::{Letter, Mailbox};
pub use nats::Nats;
pub use postgres::Postgres;
pub use prometheus::Prometheus;
pub use proxy::{Mode, Proxy};
pub use receiver::Receiver;
pub use registry::Registry;
pub use repo::Repo;
pub use small_disk::SmallDisk;
pub use tls::AUTHORITY;
pub use wait::{awaited, eventually};
