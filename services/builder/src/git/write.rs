//! Makes a commit in a mirror, without a work tree, and pushes it.

use crate::git::command::{Git, GitError};
use crate::git::credentials::Credentials;
use crate::git::repository::Repository;
use crate::git::tree::Entry;
use events::{CommitSha, GitRef};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long work inside the mirror may take.
const LOCAL: Duration = Duration::from_mins(1);
/// How long a push may take.
const PUSH: Duration = Duration::from_mins(3);
/// Who commits.
const NAME: &str = "Slipway";
const EMAIL: &str = "slipway@localhost";
/// What stands for an object where a file goes.
const NO_OBJECT: &str = "0000000000000000000000000000000000000000";

/// What is different in a tree.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// Files that are there, instead of what has their paths.
    pub added: Vec<Entry>,
    /// Paths of files that are not.
    pub removed: Vec<String>,
}

/// A commit to be made. The same values make the same commit.
#[derive(Debug, Clone)]
pub struct NewCommit<'a> {
    /// All files.
    pub tree: &'a str,
    /// The commit it comes after.
    pub parent: &'a CommitSha,
    /// What it says.
    pub message: &'a str,
    /// Seconds since 1970.
    pub time: i64,
}

/// Keeps the content of files in the mirror; the ids, in the order of the files.
pub async fn store(mirror: &Path, files: &[PathBuf]) -> Result<Vec<String>, GitError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut git = Git::new(mirror, "hash-object").arg("-w").arg("--no-filters").arg("--");
    for file in files {
        git = git.arg(file);
    }
    Ok(words(&git.output(LOCAL).await?))
}

/// The tree of `commit`.
pub async fn tree_of(mirror: &Path, commit: &CommitSha) -> Result<String, GitError> {
    let git = Git::new(mirror, "rev-parse").arg("--verify").arg(format!("{commit}^{{tree}}"));
    Ok(word(&git.output(LOCAL).await?))
}

/// The tree of `commit` with what is different; `index` is a file that is not there yet.
pub async fn tree_with(
    mirror: &Path,
    commit: &CommitSha,
    difference: &Difference,
    index: &Path,
) -> Result<String, GitError> {
    let git = |verb: &str| Git::new(mirror, verb).env("GIT_INDEX_FILE", index);
    git("read-tree").arg(commit.as_str()).output(LOCAL).await?;
    git("update-index").arg("-z").arg("--index-info").answer(&lines(difference), LOCAL).await?;
    Ok(word(&git("write-tree").output(LOCAL).await?))
}

/// As `git update-index -z --index-info` reads it.
fn lines(difference: &Difference) -> Vec<u8> {
    let removed = difference.removed.iter().map(|path| format!("0 {NO_OBJECT}\t{path}\0"));
    let added = difference.added.iter();
    let added = added.map(|entry| format!("{} {}\t{}\0", entry.mode, entry.id, entry.path));
    removed.chain(added).collect::<String>().into_bytes()
}

/// Makes the commit; nothing points to it.
pub async fn commit(mirror: &Path, new: &NewCommit<'_>) -> Result<CommitSha, GitError> {
    let date = format!("@{} +0000", new.time);
    let mut git = Git::new(mirror, "commit-tree").arg(new.tree).arg("-p").arg(new.parent.as_str());
    for role in ["AUTHOR", "COMMITTER"] {
        git = git.env(&format!("GIT_{role}_NAME"), NAME).env(&format!("GIT_{role}_EMAIL"), EMAIL);
        git = git.env(&format!("GIT_{role}_DATE"), &date);
    }
    parse(&git.arg("-F").arg("-").answer(new.message.as_bytes(), LOCAL).await?)
}

/// The commit up to `head` whose message has the line `line`.
pub async fn with_line(
    mirror: &Path,
    head: &CommitSha,
    line: &str,
) -> Result<Option<CommitSha>, GitError> {
    let git = Git::new(mirror, "log").arg("--format=%H").arg("--max-count=1");
    let git = git.arg("--fixed-strings").arg(format!("--grep={line}")).arg(head.as_str());
    let found = git.output(LOCAL).await?;
    if found.is_empty() { Ok(None) } else { parse(&found).map(Some) }
}

/// Moves `branch` at the remote to `commit`, unless somebody moved it meanwhile.
pub async fn push(
    mirror: &Path,
    (repository, credentials): (&Repository, &Credentials),
    commit: &CommitSha,
    branch: &GitRef,
) -> Result<(), GitError> {
    let git = Git::new(mirror, "push").arg("--quiet").arg("--").arg(repository.address());
    let git = git.arg(format!("{commit}:{branch}"));
    credentials.apply(git, repository).output(PUSH).await.map(drop)
}

fn words(output: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(output).split_whitespace().map(str::to_owned).collect()
}

fn word(output: &[u8]) -> String {
    words(output).into_iter().next().unwrap_or_default()
}

fn parse(output: &[u8]) -> Result<CommitSha, GitError> {
    let said = word(output);
    CommitSha::parse(&said).map_err(|error| GitError::Failed {
        verb: "commit-tree".to_owned(),
        complaint: error.to_string(),
    })
}
