//! The deployer's tables, one file each. Callers own the transaction.

pub(crate) mod analysis;
pub(crate) mod app_removal;
pub(crate) mod certificate;
pub(crate) mod claim;
pub(crate) mod command;
pub(crate) mod disk;
pub(crate) mod environment;
pub(crate) mod errand;
pub(crate) mod instance;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod past;
pub(crate) mod promotion;
pub(crate) mod reading;
pub(crate) mod release;
pub(crate) mod repair;
pub(crate) mod route_claim;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod setup;
pub(crate) mod shadow;
pub(crate) mod synthetic;
pub(crate) mod timetable;
pub(crate) mod vote;
pub(crate) mod wreck;
