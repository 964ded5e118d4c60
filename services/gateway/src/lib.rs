//! The gateway: webhooks in, notifications out, one address for every API of the platform.
//!
//! A delivery is answered with 2xx only after it is durable. A push found by a webhook and one found by
//! looking at the remote meet in `accept`. Who asks is established here, once; what they may do is
//! checked where the data are.

mod accept;
mod app;
mod ci;
mod config;
mod db;
mod edge;
mod git;
mod github;
mod grpc;
mod hooks;
mod issue;
mod metrics;
mod newer;
mod news;
mod notify;
mod on;
mod order;
mod provider;
mod reconcile;
mod register;
mod release_link;
mod report;
mod repository;
mod retention;
mod sources;
mod title;
mod tokens;
mod truths;
mod turns;
mod understood;
mod votes;

pub use app::{Gateway, StartError, start};
pub use config::{Backends, Config};
pub use github::{AppKey, GitHub, Identity, InvalidGitHub, InvalidKey, Repositories};
pub use hooks::Proxies;
pub use notify::{InvalidMail, Mail};
pub use release_link::{InvalidLink, ReleaseLink};
pub use repository::LocalRoots;
pub use votes::{InvalidUrl, PublicUrl};

/// The name of this service in outbox, logs and events.
pub(crate) const NAME: &str = "gateway";
