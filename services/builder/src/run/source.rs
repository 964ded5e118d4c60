//! Gets the commit: where the repository is, how to prove who we are, what the remote has now.

use crate::app::App;
use crate::failure::{Reason, Stop};
use crate::git::command::GitError;
use crate::git::credentials::{Credentials, SSH_KEY, TOKEN};
use crate::git::mirror::{Fetched, Mirror};
use crate::git::remote;
use crate::git::repository::Repository;
use crate::git::verdict::{Verdict, verdict};
use crate::peers::PeerError;
use crate::registry::auth::RegistryAuth;
use crate::run::Task;
use events::{AppName, CommitSha, GitRef, SecretName};
use std::sync::Arc;
use std::time::Duration;

/// The secret that holds credentials of registries, as `docker login` writes them.
const REGISTRY_AUTH: &str = "REGISTRY_AUTH";
/// Pauses before a fetch that failed for the network's sake is tried again.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

/// Where an app's commits come from.
#[derive(Debug)]
pub struct Source {
    /// The repository.
    pub repository: Repository,
    /// Where its commits are kept.
    pub mirror: Mirror,
    /// The branch whose policy counts.
    pub default_branch: GitRef,
    /// The policy that wins over the branch.
    pub policy: Option<String>,
    /// Credentials of registries.
    pub auth: Arc<RegistryAuth>,
    hidden: Vec<zeroize::Zeroizing<Vec<u8>>>,
    credentials: Credentials,
}

/// A source whose commit is in the mirror.
#[derive(Debug)]
pub struct Commit {
    /// Where it came from.
    pub source: Source,
    /// The commit the ref has at the remote now.
    pub head: Option<CommitSha>,
    /// The commit whose policy counts; absent when the policy was given.
    pub policy: Option<CommitSha>,
}

impl std::ops::Deref for Commit {
    type Target = Source;

    fn deref(&self) -> &Source {
        &self.source
    }
}

impl Source {
    /// Asks who knows.
    pub async fn find(app: &App, name: &AppName) -> Result<Self, Stop> {
        let names =
            [TOKEN, SSH_KEY, REGISTRY_AUTH].map(|name| SecretName::parse(name).expect("a name"));
        let (found, secrets) = tokio::join!(app.peers.app(name), app.peers.secrets(name, &names));
        let (found, secrets) = (found.map_err(away)?, secrets.map_err(away)?);
        let refused = |error: &dyn std::error::Error| {
            Stop::failed(Reason::RepositoryRefused, error.to_string())
        };
        let allowed = app.config.local_repositories.as_deref();
        let repository =
            Repository::parse(&found.repository, allowed).map_err(|error| refused(&error))?;
        let default_branch =
            GitRef::branch(&found.default_branch).map_err(|error| refused(&error))?;
        let mirror = app.mirrors.of(&repository).await.map_err(fetch_failed)?;
        let secret = |name: &str| secrets.get(name).map(|value| value.as_slice());
        let home = app.config.data.join("builder");
        let credentials = Credentials::new(&repository, secret(TOKEN), secret(SSH_KEY), &home)
            .map_err(|error| {
                Stop::failed(Reason::FetchFailed, format!("storing the key for git: {error}"))
            })?;
        let auth = match secret(REGISTRY_AUTH).map(RegistryAuth::parse).transpose() {
            Ok(of_app) => app.registry_auth.with(of_app.unwrap_or_default()),
            Err(error) => return Err(refused(&error)),
        };
        Ok(Self {
            repository,
            mirror,
            default_branch,
            policy: Some(found.policy).filter(|policy| !policy.is_empty()),
            auth: Arc::new(auth),
            hidden: secrets.into_values().collect(),
            credentials,
        })
    }

    /// The commit that `git_ref` has at the remote now.
    pub async fn head(&self, git_ref: &GitRef) -> Result<Option<CommitSha>, GitError> {
        remote::head(&self.repository, &self.credentials, git_ref, &self.mirror.directory).await
    }

    /// What must not be seen in the log.
    fn hidden(&self) -> impl Iterator<Item = &[u8]> {
        self.hidden.iter().map(|value| value.as_slice()).chain(self.auth.passwords())
    }
}

/// Brings the commit of a build into its mirror, and asks meanwhile where its ref is now.
pub async fn fetch(task: Task<'_>) -> Result<Commit, Stop> {
    let identity = &task.build.identity;
    let source = Source::find(task.app, &identity.app).await?;
    task.recorder.hide(source.hidden());
    task.recorder.line(format!("fetching {} of {}", identity.commit, identity.git_ref));
    let mut pauses = PAUSES.into_iter();
    loop {
        let (fetched, head) = both(&source, &identity.commit, &identity.git_ref).await;
        let error = match (fetched, head) {
            (Ok(fetched), Ok(head)) => return Ok(Commit { source, head, policy: fetched.policy }),
            (Err(GitError::Failed { complaint, .. }), Ok(head))
                if verdict(&complaint) == Verdict::NoCommit =>
            {
                return Err(gone(task, head.as_ref()).await?);
            }
            (Err(error), _) | (_, Err(error)) => error,
        };
        let worth_it = matches!(&error, GitError::Failed { complaint, .. } if verdict(complaint) == Verdict::Network);
        let Some(pause) = pauses.next().filter(|_| worth_it) else {
            return Err(fetch_failed(error));
        };
        task.recorder.line(format!("{error}; trying again in {} s", pause.as_secs()));
        tokio::time::sleep(pause).await;
    }
}

async fn both(
    source: &Source,
    commit: &CommitSha,
    git_ref: &GitRef,
) -> (Result<Fetched, GitError>, Result<Option<CommitSha>, GitError>) {
    let policy = source.policy.is_none().then_some(&source.default_branch);
    tokio::join!(source.mirror.fetch(commit, policy, &source.credentials), source.head(git_ref))
}

/// The remote has no such commit: because the branch moved on, or is gone, or for no reason we know.
async fn gone(task: Task<'_>, head: Option<&CommitSha>) -> Result<Stop, Stop> {
    let identity = &task.build.identity;
    crate::order::settle(task.app, &identity.app, &identity.git_ref, head).await?;
    let message = format!("the repository has no commit {}", identity.commit);
    Ok(Stop::failed(Reason::CommitNotFound, message))
}

fn away(error: PeerError) -> Stop {
    let reason = if error.is_not_found() { Reason::AppNotFound } else { Reason::ServiceAway };
    match reason {
        Reason::AppNotFound => Stop::failed(reason, error.message()),
        _ => Stop::blocked(reason, error.message()),
    }
}

fn fetch_failed(error: GitError) -> Stop {
    let mut message = service::chain(&error);
    if let GitError::Failed { complaint, .. } = &error
        && verdict(complaint) == Verdict::Refused
    {
        message.push_str(" (set the secret GIT_TOKEN for https or GIT_SSH_KEY for ssh)");
    }
    Stop::failed(Reason::FetchFailed, message)
}
