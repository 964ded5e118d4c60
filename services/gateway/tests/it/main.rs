//! Stories of the gateway over HTTP and gRPC, with a real Postgres each, a real git and a fake GitHub.

mod deployer;
mod edge;
mod events;
mod fixture;
mod github;
mod hooks;
mod notifications;
mod parked;
mod reconcile;
mod registry;
mod running;
mod tokens;
mod truths;
mod votes;
