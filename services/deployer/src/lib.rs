//! The deployer owns releases: it drives the pure machine of crate `release` and performs its effects on
//! the engine and the router.
//!
//! Truth is the row in Postgres; a driver holds a release by a lease with a fencing epoch, and every effect
//! may run twice.

mod addresses;
mod admit;
mod adopt;
mod answered;
mod app;
mod approval;
mod budget;
mod built;
mod candidate;
mod certificate;
mod changed_routes;
mod ci;
mod collect;
mod collect_by_itself;
mod commit;
mod compare;
mod config;
mod content;
mod create;
mod credentials;
mod db;
mod dependency;
mod differences;
mod drive;
mod earlier;
mod errand;
mod expect;
mod finish;
mod grpc;
mod job;
mod leftovers;
mod limits;
mod local_rollback;
mod look_at_images;
mod member;
mod metrics;
mod on;
mod perform;
mod preflight;
mod promotion;
mod race;
mod reading;
mod removal;
mod repair;
mod replace;
mod restored;
mod retrain;
mod room;
mod router;
mod routes;
mod schedule;
mod shadow;
mod steps;
mod sweep;
mod synthetic;
mod table;
mod tenure;
mod timetable;
mod trace;
mod transition;
mod volumes;
mod wave;
mod window;
mod wreck;

pub mod classify;
pub mod diagnose;
pub mod disk;
pub mod docker;
pub mod logs;
pub mod probe;
pub mod remains;
pub mod spec;
pub mod sweep_orphans;
pub mod watch;

pub use app::{Deployer, REACTS_TO, start};
pub use config::Config;

/// The name of the service in schemas, consumers and logs.
pub const NAME: &str = "deployer";
