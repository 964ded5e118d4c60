//! GitHub at the wire: its API as far as the platform speaks it, with state. It asks for who calls, refuses what GitHub
//! refuses, remembers what it took, and fails as it is told to.

mod calls;
mod checks;
mod deployments;
mod issues;
mod releases;
mod sign_in;
mod state;

pub use state::{Deployment, Fault};

use crate::eventually;
use crate::serving::serving;
use axum::Router;
use axum::body::Bytes;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, patch, post};
use serde_json::{Value, json};
use state::{State, locked};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// A token that may do everything but make check runs.
pub const TOKEN: &str = "github_pat_11ABCDEFG0of1the2tests";
/// The id of an App that is installed in the repository.
pub const APP: &str = "4711";
/// The key of that App; of no other, and of use nowhere else.
pub const PRIVATE_KEY: &str = include_str!("../../data/github-app.pem");
/// The only repository there is.
pub const REPOSITORY: &str = "acme/shop";
/// What is waited for comes within this.
const PATIENCE: Duration = Duration::from_mins(5);

type Shared = Arc<Mutex<State>>;

/// A GitHub with one repository.
#[derive(Debug)]
pub struct GitHub {
    address: SocketAddr,
    state: Shared,
    _serving: AbortOnDropHandle<()>,
}

impl GitHub {
    /// Listens on this machine.
    pub async fn start() -> Self {
        let state = Shared::default();
        let router = router(&state);
        let (address, serving) = serving(router).await;
        Self { address, state, _serving: serving }
    }

    /// The address of its API.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The commit has this message; others have one that says nothing.
    pub fn has_commit(&self, commit: &str, message: &str) {
        locked(&self.state).messages.insert(commit.to_owned(), message.to_owned());
    }

    /// CI of somebody else says so of a commit: `conclusion` once it has ended.
    pub fn ci(&self, commit: &str, name: &str, conclusion: Option<&str>) {
        checks::of_others(&mut locked(&self.state), commit, name, conclusion);
    }

    /// The next requests that write meet these, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        locked(&self.state).faults.extend(faults);
    }

    /// Tokens of installations are not valid any more.
    pub fn end_tokens(&self) {
        locked(&self.state).tokens.clear();
    }

    /// All deployments, the first first.
    pub fn deployments(&self) -> Vec<Deployment> {
        locked(&self.state).deployments.clone()
    }

    /// What was said of a commit, as `context state`, the first first.
    pub fn statuses(&self, commit: &str) -> Vec<String> {
        let state = locked(&self.state);
        let of = state.statuses.iter().filter(|status| status["sha"] == commit);
        let word = |status: &Value, key: &str| status[key].as_str().unwrap_or_default().to_owned();
        of.map(|status| format!("{} {}", word(status, "context"), word(status, "state"))).collect()
    }

    /// The check runs of a commit, as GitHub shows them, the first first.
    pub fn check_runs(&self, commit: &str) -> Vec<Value> {
        let state = locked(&self.state);
        state.check_runs.iter().filter(|run| run["head_sha"] == commit).cloned().collect()
    }

    /// All issues, as GitHub shows them, the first first.
    pub fn issues(&self) -> Vec<Value> {
        locked(&self.state).issues.clone()
    }

    /// All releases, as GitHub shows them, the first first.
    pub fn releases(&self) -> Vec<Value> {
        locked(&self.state).releases.clone()
    }

    /// The content of a file of a release.
    pub fn file(&self, name: &str) -> Option<Bytes> {
        let state = locked(&self.state);
        state.files.iter().rfind(|(known, _)| known == name).map(|(_, content)| content.clone())
    }

    /// What was asked for, as `METHOD path`, the first first.
    pub fn requests(&self) -> Vec<String> {
        locked(&self.state).requests.clone()
    }

    /// Waits until so many requests were done and never answered.
    pub async fn until_silent(&self, count: usize) {
        eventually(&format!("{count} requests without an answer"), PATIENCE, async || {
            (locked(&self.state).unanswered == count).then_some(())
        })
        .await;
    }

    /// Waits until the deployment with this number, counted from 1, is in `state`.
    pub async fn until_deployment(&self, number: usize, state: &str) -> Deployment {
        eventually(&format!("deployment {number} to be {state}"), PATIENCE, async || {
            let found = self.deployments().into_iter().nth(number - 1)?;
            (found.states().last().map(String::as_str) == Some(state)).then_some(found)
        })
        .await
    }

    /// Waits until the issue with this number, counted from 1, is in `state`, and says so somewhere in its text.
    pub async fn until_issue(&self, number: usize, (state, says): (&str, &str)) -> Value {
        eventually(&format!("issue {number} to be {state} with {says:?}"), PATIENCE, async || {
            let found = self.issues().into_iter().nth(number - 1)?;
            let has = found["body"].as_str().is_some_and(|body| body.contains(says));
            (has && found["state"] == state).then_some(found)
        })
        .await
    }

    /// Waits until this, as `context state`, was the last that was said of a commit.
    pub async fn until_said(&self, commit: &str, said: &str) -> Vec<String> {
        eventually(&format!("{said} of {commit}"), PATIENCE, async || {
            Some(self.statuses(commit)).filter(|all| all.last().is_some_and(|last| last == said))
        })
        .await
    }
}

fn router(state: &Shared) -> Router {
    let repository = Router::new()
        .route("/installation", get(sign_in::installation))
        .route("/commits/{commit}", get(calls::commit))
        .route("/commits/{commit}/status", get(calls::combined))
        .route("/commits/{commit}/check-runs", get(checks::list))
        .route("/commits/{commit}/check-suites", get(checks::suites))
        .route("/statuses/{commit}", post(calls::say))
        .route("/check-runs", post(checks::create))
        .route("/check-runs/{id}", patch(checks::update))
        .route("/deployments", get(deployments::list).post(deployments::create))
        .route("/deployments/{id}/statuses", get(deployments::statuses).post(deployments::say))
        .route("/issues", get(issues::list).post(issues::create))
        .route("/issues/{number}", patch(issues::update))
        .route("/releases", post(releases::create))
        .route("/releases/tags/{tag}", get(releases::by_tag))
        .route("/releases/assets/{id}", axum::routing::delete(releases::delete))
        .route("/releases/{id}/assets", post(releases::upload));
    Router::new()
        .nest("/repos/acme/shop", repository)
        .route("/app/installations/{id}/access_tokens", post(sign_in::token))
        .fallback(async || calls::answer(404, &json!({ "message": "Not Found" })))
        .layer(from_fn_with_state(Arc::clone(state), calls::guard))
        .with_state(Arc::clone(state))
}
