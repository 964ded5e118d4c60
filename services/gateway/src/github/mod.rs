//! GitHub's API, as far as the platform speaks it: deployments and their statuses, commit statuses, check runs, what
//! CI says of a commit, issues, releases of models. By hand over the guarded way out, signed in by a token or as a GitHub App; without
//! either nothing here is made.

mod answer;
mod app_key;
pub(crate) mod check_runs;
pub(crate) mod ci;
mod client;
pub(crate) mod commit_status;
pub(crate) mod deployments;
pub(crate) mod issues;
pub(crate) mod releases;
mod settings;
mod sign_in;
mod slug;
#[cfg(test)]
mod tests;

pub(crate) use answer::GitHubError;
pub use app_key::{AppKey, InvalidKey};
pub(crate) use client::Client;
pub use settings::{GitHub, Identity, InvalidGitHub, Repositories};
pub(crate) use slug::Slug;
