//! What CI says of a commit: its statuses, check runs and check suites, and the words of its author.

use super::client::Call;
use super::{Client, GitHubError, Slug};
use events::CommitSha;
use serde::Deserialize;

/// How far one status or check run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Light {
    Pending,
    Green,
    Red,
}

/// One status or check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub name: String,
    pub light: Light,
    /// As the forge calls it.
    pub word: String,
    pub link: Option<String>,
}

/// What CI says of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub runs: Vec<Run>,
    /// Suites that have begun and may still make runs: a job that needs another is not there before that has ended.
    pub open_suites: usize,
}

#[derive(Debug, Deserialize)]
struct Statuses {
    statuses: Vec<Status>,
}

#[derive(Debug, Deserialize)]
struct Status {
    context: String,
    state: String,
    target_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
struct CheckRun {
    name: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Suites {
    check_suites: Vec<Suite>,
}

#[derive(Debug, Deserialize)]
struct Suite {
    status: Option<String>,
    #[serde(default)]
    latest_check_runs_count: u64,
}

#[derive(Debug, Deserialize)]
struct Commit {
    commit: CommitDetail,
}

#[derive(Debug, Deserialize)]
struct CommitDetail {
    message: String,
}

impl From<Status> for Run {
    fn from(status: Status) -> Self {
        let light = match status.state.as_str() {
            "success" => Light::Green,
            "pending" => Light::Pending,
            _ => Light::Red,
        };
        Self { name: status.context, light, word: status.state, link: status.target_url }
    }
}

impl From<CheckRun> for Run {
    fn from(run: CheckRun) -> Self {
        let light = match (run.status.as_str(), run.conclusion.as_deref()) {
            ("completed", Some("success" | "neutral" | "skipped")) => Light::Green,
            ("completed", _) => Light::Red,
            _ => Light::Pending,
        };
        let word = run.conclusion.unwrap_or(run.status);
        Self { name: run.name, light, word, link: run.html_url }
    }
}

impl Client {
    /// What CI says of `commit`.
    pub(crate) async fn ci(&self, slug: &Slug, commit: &CommitSha) -> Result<Seen, GitHubError> {
        let path = |what: &str| format!("/commits/{commit}/{what}");
        let statuses = self.all(slug, &path("status"), |page: Statuses| page.statuses).await?;
        let runs = self.all(slug, &path("check-runs"), |page: CheckRuns| page.check_runs).await?;
        let suites =
            self.all(slug, &path("check-suites"), |page: Suites| page.check_suites).await?;
        // Every App that may check has a suite of every commit, also where it never runs anything.
        let is_open = |suite: &&Suite| {
            suite.latest_check_runs_count > 0 && suite.status.as_deref() != Some("completed")
        };
        let open_suites = suites.iter().filter(is_open).count();
        let runs = statuses.into_iter().map(Run::from).chain(runs.into_iter().map(Run::from));
        Ok(Seen { runs: runs.collect(), open_suites })
    }

    /// The message of `commit`.
    pub(crate) async fn commit_message(
        &self,
        slug: &Slug,
        commit: &CommitSha,
    ) -> Result<String, GitHubError> {
        let commit: Commit = self.of(slug, Call::get(format!("/commits/{commit}"))).await?;
        Ok(commit.commit.message)
    }
}
