//! The deployer's gRPC edge: convert, authorise, call, convert.

mod adopt;
mod cancel;
mod candidate;
mod collect;
mod create;
mod executions;
mod explain;
mod instances;
mod jobs;
mod logs;
mod name;
mod plan;
mod policy;
mod promote;
mod promote_environment;
mod read;
mod releases;
mod remove;
mod retrain;
pub(crate) mod rollback;
mod run_job;
mod secrets;
mod soaks;
mod traffic;
mod unpin;
mod view;
mod vote;
mod watch;
mod watch_run;

use crate::app::App;

/// `slipway.v1.ReleaseService`
#[derive(Debug)]
pub(crate) struct Releases(pub(crate) App);

/// `slipway.v1.SecretService`
#[derive(Debug)]
pub(crate) struct Secrets(pub(crate) App);

/// `slipway.v1.InstanceService`
#[derive(Debug)]
pub(crate) struct Instances(pub(crate) App);

/// `slipway.v1.JobService`
#[derive(Debug)]
pub(crate) struct Jobs(pub(crate) App);
