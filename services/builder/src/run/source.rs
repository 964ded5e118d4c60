//! Gets the commit: where the repository is, how to prove who we are, what the remote has now.

use crate::app::App;
use crate::db::build::Identity;
use crate::failure::{Reason, Stop};
use crate::git::command::GitError;
use crate::git::credentials::{Credentials, SSH_KEY, TOKEN};
use crate::git::mirror::{Mirror, kept_as};
use crate::git::objects::{Objects, ReadError};
use crate::git::remote;
use crate::git::repository::Repository;
use crate::git::verdict::{Verdict, verdict};
use crate::git::write;
use crate::peers::PeerError;
use crate::registry::auth::RegistryAuth;
use crate::run::Task;
use crate::supersede::Loss;
use events::{AppName, CommitSha, GitRef, SecretName};
use std::sync::Arc;
use std::time::Duration;

/// The secret that holds credentials of registries, as `docker login` writes them.
const REGISTRY_AUTH: &str = "REGISTRY_AUTH";
/// Pauses before a fetch that may yet succeed is tried again.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];

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
    /// The commit the branch has at the remote now; absent for tags, and for branches that are gone.
    pub head: Option<CommitSha>,
    /// Reads the mirror.
    pub objects: tokio::sync::Mutex<Objects>,
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
        let (found, secrets) =
            (found.map_err(|error| away(&error))?, secrets.map_err(|error| away(&error))?);
        let refused = |error: &dyn std::error::Error| {
            Stop::failed(Reason::RepositoryRefused, error.to_string())
        };
        let allowed = &app.config.local_repositories;
        let repository =
            Repository::parse(&found.repository, allowed).map_err(|error| refused(&error))?;
        let branch = found.default_branch.trim_start_matches("refs/heads/");
        let default_branch = GitRef::branch(branch).map_err(|error| refused(&error))?;
        let mirror = app.mirrors.of(&repository).await.map_err(|error| fetch_failed(&error))?;
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

    /// Brings where `refs` are at the remote now into the mirror, and `commit` if one is wanted.
    pub async fn bring(
        &self,
        refs: &[&GitRef],
        commit: Option<&CommitSha>,
    ) -> Result<(), GitError> {
        self.mirror.fetch(commit, refs, &self.credentials).await
    }

    /// Moves `branch` at the remote to `commit`, unless somebody moved it meanwhile.
    pub async fn push(&self, commit: &CommitSha, branch: &GitRef) -> Result<(), GitError> {
        let remote = (&self.repository, &self.credentials);
        write::push(&self.mirror.directory, remote, commit, branch).await
    }

    /// What must not be seen in the log.
    pub fn hidden(&self) -> impl Iterator<Item = &[u8]> {
        self.hidden.iter().map(|value| value.as_slice()).chain(self.auth.passwords())
    }
}

/// Brings the commit of a build into its mirror, and where its branch is now. A remote of many machines may
/// be behind what it said in its webhook, so what is missing is asked for again before it counts.
pub async fn fetch(task: Task<'_>) -> Result<Commit, Stop> {
    let identity = &task.build.identity;
    let source = Source::find(task.app, &identity.app).await?;
    task.recorder.hide(source.hidden());
    task.recorder.line(format!("fetching {} of {}", identity.commit, identity.git_ref));
    let (mut pauses, mut started_over) = (PAUSES.into_iter(), false);
    loop {
        let error = match get(&source, identity).await {
            Ok(()) => break,
            Err(error) => error,
        };
        let patience = patience(&error);
        let pause = pauses.next().filter(|pause| *pause <= patience);
        let verdict = meaning(&error);
        let is_damaged =
            verdict == Verdict::Broken || (verdict == Verdict::Locked && pause.is_none());
        if is_damaged && !std::mem::replace(&mut started_over, true) {
            task.recorder.line(format!("{}; fetching everything again", service::chain(&error)));
            source.mirror.start_over().await.map_err(|error| fetch_failed(&error))?;
            pauses = PAUSES.into_iter();
            continue;
        }
        let Some(pause) = pause else {
            return Err(given_up(task, &source, error).await);
        };
        task.recorder.line(format!("{}; trying again in {pause:?}", service::chain(&error)));
        tokio::time::sleep(pause).await;
    }
    let unreadable = |error: ReadError| Stop::failed(Reason::FetchFailed, service::chain(&error));
    let mut objects = Objects::open(&source.mirror.directory).map_err(unreadable)?;
    let head = match &identity.git_ref {
        branch @ GitRef::Branch(_) => objects.commit(&kept_as(branch)).await.map_err(unreadable)?,
        GitRef::Tag(_) => None,
    };
    let head = head.map(|commit| commit.id);
    Ok(Commit { source, head, objects: tokio::sync::Mutex::new(objects) })
}

/// The commit, where its branch is, and where the branch is whose policy counts, all at once.
async fn get(source: &Source, identity: &Identity) -> Result<(), GitError> {
    let policy = source.policy.is_none().then_some(&source.default_branch);
    let branch = Some(&identity.git_ref).filter(|git_ref| matches!(git_ref, GitRef::Branch(_)));
    let refs: Vec<&GitRef> =
        branch.into_iter().chain(policy.filter(|policy| Some(*policy) != branch)).collect();
    source.bring(&refs, Some(&identity.commit)).await
}

/// The longest pause after which `error` may be gone.
fn patience(error: &GitError) -> Duration {
    match meaning(error) {
        Verdict::Network => PAUSES[2],
        Verdict::NoCommit | Verdict::NoRef | Verdict::Locked => PAUSES[1],
        Verdict::Refused | Verdict::Broken | Verdict::Other => Duration::ZERO,
    }
}

/// What git means.
pub fn meaning(error: &GitError) -> Verdict {
    match error {
        GitError::Failed { complaint, .. } => verdict(complaint),
        GitError::Start { .. } | GitError::Timeout { .. } => Verdict::Other,
    }
}

/// What it means that the commit cannot be had.
async fn given_up(task: Task<'_>, source: &Source, error: GitError) -> Stop {
    let identity = &task.build.identity;
    let missing = matches!(meaning(&error), Verdict::NoCommit | Verdict::NoRef);
    if !missing {
        return fetch_failed(&error);
    }
    let follows_head = task.build.contender().follows_head();
    match source.head(&identity.git_ref).await {
        Err(error) => fetch_failed(&error),
        Ok(None) if follows_head => Loss::RefDeleted.stop(&identity.git_ref),
        Ok(Some(head)) if follows_head && head != identity.commit => {
            Loss::Superseded.stop(&identity.git_ref)
        }
        Ok(_) if meaning(&error) == Verdict::NoCommit => {
            let message = format!("the repository has no commit {}", identity.commit);
            Stop::failed(Reason::CommitNotFound, message)
        }
        Ok(_) => fetch_failed(&error),
    }
}

fn away(error: &PeerError) -> Stop {
    if error.is_not_found() {
        Stop::failed(Reason::AppNotFound, error.message())
    } else {
        Stop::blocked(Reason::ServiceAway, error.message())
    }
}

/// Nothing could be fetched.
pub fn fetch_failed(error: &GitError) -> Stop {
    let mut message = service::chain(error);
    if meaning(error) == Verdict::Refused {
        message.push_str(" (set the secret GIT_TOKEN for https or GIT_SSH_KEY for ssh)");
    }
    Stop::failed(Reason::FetchFailed, message)
}
