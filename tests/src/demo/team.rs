//! The team: a git repository with the fraud service, registered as an app, and GitHub, which tells of each
//! push.

use super::{Platform, tell};
use crate::fixture;
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};
use testkit::webhook::{self, Delivery, NO_COMMIT};
use testkit::{Http, Repo};

/// The name of the app, of its example and of its repository's folder.
pub(super) const APP: &str = "fraud-api";

/// The team with its repository.
#[derive(Debug)]
pub(super) struct Team {
    repo: Repo,
    secret: String,
    path: String,
    hooks: Http,
}

/// A push, as GitHub told of it.
#[derive(Debug)]
pub(super) struct Push {
    /// The new head.
    pub(super) commit: String,
    /// Its message.
    pub(super) message: String,
    /// When GitHub called.
    pub(super) at: DateTime<Utc>,
    /// How long the gateway took to answer.
    pub(super) took: Duration,
}

impl Team {
    /// Makes the repository and registers it.
    pub(super) async fn register(platform: &Platform) -> Result<Self> {
        let repo = Repo::init_at(&platform.folder.join("repositories").join(APP));
        repo.copy(&fixture::example(APP));
        // As a forge takes pushes.
        repo.git(&["config", "receive.denyCurrentBranch", "updateInstead"]);
        let path = repo.path().display().to_string();
        let answer = platform.slipway.json(&["app", "add", APP, &path]).await?;
        let text = |name: &str| {
            let value = answer[name].as_str();
            value.map(str::to_owned).with_context(|| format!("`slipway app add` told no {name}"))
        };
        let (secret, path) = (text("webhook_secret")?, text("webhook_path")?);
        let hooks = Http::new(platform.address("hooks")?, "hooks.example.com");
        let team = Self { repo, secret, path, hooks };
        tell::registered(team.repo.path(), platform.url("hooks"), &team.path, &team.secret);
        Ok(team)
    }

    /// Replaces `old`, which must be there once, by `new`.
    pub(super) fn edit(&self, path: &str, old: &str, new: &str) -> Result<()> {
        let file = self.repo.path().join(path);
        let text = std::fs::read_to_string(&file).with_context(|| format!("read {path}"))?;
        ensure!(text.matches(old).count() == 1, "{path} of {APP} does not hold {old:?} once");
        self.repo.write(path, &text.replace(old, new));
        Ok(())
    }

    /// From the next commit on the version is this.
    pub(super) fn version(&self, version: &str) {
        self.repo.write("VERSION", &format!("{version}\n"));
    }

    /// Commits, and lets GitHub call.
    pub(super) async fn push(&self, message: &str) -> Result<Push> {
        let is_first = self.repo.git(&["rev-list", "--all", "--max-count=1"]).is_empty();
        let before = if is_first { NO_COMMIT.to_owned() } else { self.repo.head() };
        let commit = self.repo.commit(message);
        self.tell_of("main", &webhook::push("refs/heads/main", &before, &commit, message), message)
            .await
    }

    /// The head of the branch.
    pub(super) fn head(&self) -> String {
        self.repo.head()
    }

    /// Somebody else pushed after `before`: GitHub calls.
    pub(super) async fn pushed(&self, before: &str) -> Result<Push> {
        let (commit, message) = (self.repo.head(), self.repo.git(&["log", "-1", "--format=%s"]));
        ensure!(commit != before, "nothing was pushed after {before}");
        let told = webhook::push("refs/heads/main", before, &commit, &message);
        self.tell_of("main", &told, &message).await
    }

    /// Commits, and lets GitHub call for the commit and for a tag of it.
    pub(super) async fn push_tag(&self, tag: &str) -> Result<Push> {
        self.push(&format!("Release {tag}")).await?;
        self.repo.git(&["tag", tag]);
        let commit = self.repo.head();
        let git_ref = format!("refs/tags/{tag}");
        self.tell_of(tag, &webhook::push(&git_ref, NO_COMMIT, &commit, tag), tag).await
    }

    async fn tell_of(&self, name: &str, delivery: &Delivery, message: &str) -> Result<Push> {
        let commit = self.repo.head();
        let (at, begun) = (now(), Instant::now());
        let headers = delivery.headers(&self.secret);
        let answer = self.hooks.post(&self.path, &headers, delivery.body.clone()).await?;
        let took = begun.elapsed();
        ensure!(answer.status == 202, "the gateway answers {} {}", answer.status, answer.text());
        let push = Push { commit, message: message.to_owned(), at, took };
        tell::pushed(&push, name, &self.path);
        Ok(push)
    }
}

fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from(std::time::SystemTime::now())
}
