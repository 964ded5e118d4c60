//! The builder on the real thing: git, an engine, a registry, Postgres and NATS. What they are is told by
//! `SLIPWAY_TEST_DATABASE_URL`, `SLIPWAY_TEST_DOCKER`, `SLIPWAY_TEST_REGISTRY` and
//! `SLIPWAY_TEST_NATS_SERVER`.

mod cancel;
mod content;
mod engine;
mod fails;
mod images;
mod logs;
mod order;
mod peers;
mod registry;
mod repo;
mod world;
