//! Commits what a run of a job made to the branch of its environment. Nothing is written down here: the commit names
//! its run, and is looked for before another is made, so that it is made once wherever this was interrupted.

pub mod branch;
pub mod message;
pub mod receive;

use crate::app::App;
use crate::failure::{Reason, Stop};
use crate::git::command::GitError;
use crate::git::mirror::kept_as;
use crate::git::objects::{Objects, ReadError};
use crate::git::tree::{self, Entry};
use crate::git::verdict::{Verdict, is_moved};
use crate::git::write::{self, Difference, NewCommit};
use crate::model;
use crate::run::plan::text_at;
use crate::run::source::{Source, fetch_failed, meaning};
use chrono::{DateTime, Utc};
use events::{AppName, CommitSha, EnvironmentName, GitRef, PrincipalName, RunId};
use manifest::Manifest;
use receive::Received;
use service::mask::Mask;
use std::path::Path;

/// Pushes of others between ours and its branch, until it is left for later.
const ATTEMPTS: usize = 5;

/// What is committed, where and for whom.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The app.
    pub app: AppName,
    /// Whose branch gets it.
    pub environment: EnvironmentName,
    /// What made it.
    pub run: RunId,
    /// Where the release of the run came from.
    pub git_ref: Option<GitRef>,
    /// What people read.
    pub message: String,
    /// Who asked.
    pub by: PrincipalName,
    /// The number of the release of the run.
    pub release_number: i64,
    /// When it was made.
    pub time: DateTime<Utc>,
    /// Instead of new files: those that jobs had committed as of this commit.
    pub restored: Option<CommitSha>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Where.
    pub branch: GitRef,
    /// The commit that has the files.
    pub commit: CommitSha,
    /// It was made for them.
    pub changed: bool,
    /// The model of that commit.
    pub model: Option<String>,
}

/// A branch as it is at the remote now.
struct Head {
    commit: CommitSha,
    files: Vec<Entry>,
    manifest: Option<Manifest>,
}

/// Commits and pushes what differs from the branch.
pub async fn commit(app: &App, wanted: &Wanted, received: &Received) -> Result<Committed, Stop> {
    let source = Source::find(app, &wanted.app).await?;
    let done = commit_to(&source, wanted, received).await;
    done.map_err(|stop| shown(&source, stop))
}

/// What git says may hold what it was told.
fn shown(source: &Source, stop: Stop) -> Stop {
    let mask = Mask::new(source.hidden());
    match stop {
        Stop::Failed(failure) => Stop::Failed(failure.shown(&mask)),
        Stop::Cancelled(failure) => Stop::Cancelled(failure.shown(&mask)),
        Stop::Skipped(failure) => Stop::Skipped(failure.shown(&mask)),
        Stop::Blocked(failure) => Stop::Blocked(failure.shown(&mask)),
        Stop::Lost => Stop::Lost,
    }
}

async fn commit_to(
    source: &Source,
    wanted: &Wanted,
    received: &Received,
) -> Result<Committed, Stop> {
    let branch = find_branch(source, wanted).await?;
    let mirror = source.mirror.directory.as_path();
    let stored = write::store(mirror, &received.contents()).await.map_err(|it| git(&it))?;
    for _ in 0..ATTEMPTS {
        let head = look(source, &branch, wanted.restored.as_ref()).await?;
        let own = message::line(wanted.run);
        let found = write::with_line(mirror, &head.commit, &own).await.map_err(|it| git(&it))?;
        if let Some(commit) = found {
            return told(source, branch, (commit, true)).await;
        }
        let difference = match &wanted.restored {
            Some(commit) => earlier(source, &head, commit).await?,
            None => received.difference(&stored),
        };
        let Some(commit) = make(source, wanted, (&head, &difference)).await? else {
            return told(source, branch, (head.commit, false)).await;
        };
        injected("made").await?;
        match source.push(&commit, &branch).await {
            Ok(()) => {
                injected("pushed").await?;
                return told(source, branch, (commit, true)).await;
            }
            Err(GitError::Failed { complaint, .. }) if is_moved(&complaint) => {
                tracing::info!(run.id = %wanted.run, %branch, "the branch moved; committing to its new head");
            }
            Err(error) => return Err(refused(&error, &branch)),
        }
    }
    let message = format!("{} moved each of {ATTEMPTS} times it was pushed to", branch.name());
    Err(Stop::blocked(Reason::BranchMoves, message))
}

/// A place where a test can interrupt.
async fn injected(point: &str) -> Result<(), Stop> {
    let away = |injected| Stop::blocked(Reason::ServiceAway, service::chain(&injected));
    service::fail_point::reach(|| format!("builder.commit.{point}")).await.map_err(away)
}

fn git(error: &GitError) -> Stop {
    Stop::failed(Reason::CommitFailed, service::chain(error))
}

fn unreadable(error: &ReadError) -> Stop {
    Stop::failed(Reason::FetchFailed, service::chain(error))
}

/// Where the policy says that the environment comes from.
async fn find_branch(source: &Source, wanted: &Wanted) -> Result<GitRef, Stop> {
    let text = if let Some(given) = &source.policy {
        given.clone()
    } else {
        source.bring(&[&source.default_branch], None).await.map_err(|it| away(&it))?;
        let mut objects = Objects::open(&source.mirror.directory).map_err(|it| unreadable(&it))?;
        text_at(&mut objects, &kept_as(&source.default_branch)).await?.unwrap_or_default()
    };
    let policy = manifest::parse(&text)
        .map_err(|error| Stop::failed(Reason::ManifestInvalid, service::chain(&error)))?;
    let environment = policy.environments.get(&wanted.environment);
    let branch = environment.and_then(|it| branch::of(it, wanted.git_ref.as_ref()));
    branch.ok_or_else(|| {
        let message = format!(
            "environment {} tracks no branch by its name, so that there is none to commit to",
            wanted.environment
        );
        Stop::failed(Reason::NoBranch, message)
    })
}

/// What git could not fetch may be there later, or never.
fn away(error: &GitError) -> Stop {
    match meaning(error) {
        Verdict::Network | Verdict::Locked => {
            Stop::blocked(Reason::FetchFailed, service::chain(error))
        }
        Verdict::NoCommit
        | Verdict::NoRef
        | Verdict::Refused
        | Verdict::Broken
        | Verdict::Other => fetch_failed(error),
    }
}

async fn look(
    source: &Source,
    branch: &GitRef,
    restored: Option<&CommitSha>,
) -> Result<Head, Stop> {
    source.bring(&[branch], restored).await.map_err(|it| away(&it))?;
    let mut objects = Objects::open(&source.mirror.directory).map_err(|it| unreadable(&it))?;
    let found = objects.commit(&kept_as(branch)).await.map_err(|it| unreadable(&it))?;
    let gone = || Stop::failed(Reason::NoBranch, format!("{} is not there", branch.name()));
    let commit = found.ok_or_else(gone)?.id;
    read(source, &mut objects, commit).await
}

/// The files of a commit, and its manifest where it has one that can be read.
async fn read(source: &Source, objects: &mut Objects, commit: CommitSha) -> Result<Head, Stop> {
    let listing = source.mirror.list(&commit).await.map_err(|it| git(&it))?;
    let files = tree::parse(&listing)
        .map_err(|error| Stop::failed(Reason::FetchFailed, service::chain(&error)))?;
    let text = text_at(objects, commit.as_str()).await?;
    let manifest = text.and_then(|text| manifest::parse(&text).ok());
    Ok(Head { commit, files, manifest })
}

/// From the head to what jobs had committed as of `commit`: by the manifest of the head.
async fn earlier(source: &Source, head: &Head, commit: &CommitSha) -> Result<Difference, Stop> {
    let mut objects = Objects::open(&source.mirror.directory).map_err(|it| unreadable(&it))?;
    let before = read(source, &mut objects, commit.clone()).await?;
    let Some(manifest) = &head.manifest else { return Ok(Difference::default()) };
    let added: Vec<Entry> = model::of(manifest, &before.files).cloned().collect();
    let stays = |path: &str| added.iter().any(|file| file.path == path);
    let now = model::of(manifest, &head.files).map(|file| file.path.clone());
    let removed = now.filter(|path| !stays(path)).collect();
    Ok(Difference { added, removed })
}

/// A commit with the difference; nothing when it makes none.
async fn make(
    source: &Source,
    wanted: &Wanted,
    (head, difference): (&Head, &Difference),
) -> Result<Option<CommitSha>, Stop> {
    let mirror = source.mirror.directory.as_path();
    let folder = tempfile::tempdir_in(mirror)
        .map_err(|error| Stop::blocked(Reason::CommitFailed, format!("making room: {error}")))?;
    let index = folder.path().join("index");
    let made = async |mirror: &Path| {
        let tree = write::tree_with(mirror, &head.commit, difference, &index).await?;
        if tree == write::tree_of(mirror, &head.commit).await? {
            return Ok(None);
        }
        let message = message::of(wanted);
        let time = wanted.time.timestamp();
        let new = NewCommit { tree: &tree, parent: &head.commit, message: &message, time };
        write::commit(mirror, &new).await.map(Some)
    };
    made(mirror).await.map_err(|error: GitError| git(&error))
}

/// What is told of a commit that is there.
async fn told(
    source: &Source,
    branch: GitRef,
    (commit, changed): (CommitSha, bool),
) -> Result<Committed, Stop> {
    let mut objects = Objects::open(&source.mirror.directory).map_err(|it| unreadable(&it))?;
    let Head { commit, files, manifest } = read(source, &mut objects, commit).await?;
    let model = manifest.and_then(|manifest| model::digest(&manifest, &files));
    Ok(Committed { branch, commit, changed, model })
}

/// A push that the remote did not take for another reason than that it came too late.
fn refused(error: &GitError, branch: &GitRef) -> Stop {
    let passes = matches!(error, GitError::Timeout { .. }) || meaning(error) == Verdict::Network;
    let message = format!("pushing to {}: {}", branch.name(), service::chain(error));
    if passes {
        return Stop::blocked(Reason::PushRefused, message);
    }
    let help = "the secret GIT_TOKEN or GIT_SSH_KEY must be allowed to push there";
    Stop::failed(Reason::PushRefused, format!("{message} ({help})"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Wanted by a test, with this message.
    pub(crate) fn wanted(message: &str) -> Wanted {
        Wanted {
            app: "shop".parse().expect("a name"),
            environment: "production".parse().expect("a name"),
            run: RunId::new(uuid::Uuid::nil()),
            git_ref: None,
            message: message.to_owned(),
            by: PrincipalName::new("ana"),
            release_number: 7,
            time: DateTime::from_timestamp(9, 0).expect("in range"),
            restored: None,
        }
    }

    #[test]
    fn who_may_not_push_is_told_what_to_do_and_what_passes_is_tried_again() {
        let main = GitRef::branch("main").expect("a branch");
        let failed = |complaint: &str| GitError::Failed {
            verb: "push".to_owned(),
            complaint: complaint.to_owned(),
        };
        let no = failed("! [remote rejected] main -> main (pre-receive hook declined)");
        let Stop::Failed(no) = refused(&no, &main) else { panic!("it will never do") };
        insta::assert_snapshot!(no.message, @"pushing to main: git push failed: ! [remote rejected] main -> main (pre-receive hook declined) (the secret GIT_TOKEN or GIT_SSH_KEY must be allowed to push there)");
        let later = failed("Could not resolve host: git.example");
        assert!(matches!(refused(&later, &main), Stop::Blocked(_)));
    }
}
