//! One bare mirror per repository, so that a push sends only what is new. A mirror is a cache: it may be
//! deleted at any time and comes back with the next build.

use crate::git::command::{Git, GitError, init_bare};
use crate::git::credentials::Credentials;
use crate::git::repository::Repository;
use events::{CommitSha, GitRef};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long a fetch may take.
const FETCH: Duration = Duration::from_mins(10);
/// How long work inside the mirror may take.
const LOCAL: Duration = Duration::from_mins(1);
/// A mirror nobody used for this long is deleted.
const UNUSED: Duration = Duration::from_hours(30 * 24);

/// Every mirror of this builder.
#[derive(Debug)]
pub struct Mirrors {
    directory: PathBuf,
    locks: Mutex<HashMap<Repository, Arc<tokio::sync::Mutex<()>>>>,
}

/// The mirror of one repository.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Where it is.
    pub directory: PathBuf,
    repository: Repository,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl Mirrors {
    /// The mirrors in `directory`, which is made if need be.
    pub fn open(directory: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        Ok(Self { directory, locks: Mutex::default() })
    }

    /// The mirror of `repository`, made if need be.
    pub async fn of(&self, repository: &Repository) -> Result<Mirror, GitError> {
        let lock = Arc::clone(self.locks.lock().entry(repository.clone()).or_default());
        let directory = self.directory_of(repository);
        let mirror = Mirror { directory, repository: repository.clone(), lock };
        let held = mirror.lock.lock().await;
        if !mirror.directory.join("HEAD").exists() {
            init_bare(&mirror.directory, LOCAL).await?;
        }
        drop(held);
        Ok(mirror)
    }

    /// Where the mirror of `repository` is, if it is there.
    pub fn directory_of(&self, repository: &Repository) -> PathBuf {
        let name = hex::encode(&Sha256::digest(repository.address())[..16]);
        self.directory.join(format!("{name}.git"))
    }

    /// Every mirror that is there, and how many bytes its files have.
    pub async fn list(&self) -> Vec<(PathBuf, i64)> {
        let directory = self.directory.clone();
        let listed = tokio::task::spawn_blocking(move || {
            let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
            let mirrors = entries.map(|entry| entry.path());
            let mirrors = mirrors.filter(|path| path.extension().is_some_and(|it| it == "git"));
            mirrors.map(|path| (size(&path), path)).map(|(size, path)| (path, size)).collect()
        });
        listed.await.unwrap_or_default()
    }

    /// Deletes the mirrors nobody used for long, and packs the others. Returns how many went.
    pub async fn tidy(&self) -> usize {
        let now = SystemTime::now();
        let mut deleted = 0;
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return 0 };
        for directory in entries.flatten().map(|entry| entry.path()) {
            let used =
                std::fs::metadata(directory.join("FETCH_HEAD")).and_then(|file| file.modified());
            let unused = used.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > UNUSED));
            if unused && std::fs::remove_dir_all(&directory).is_ok() {
                deleted += 1;
            } else if !unused {
                pack(&directory).await;
            }
        }
        deleted
    }
}

/// Of all files below `directory`; what vanishes meanwhile has none.
fn size(directory: &Path) -> i64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let size_of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => size(&entry.path()),
        Ok(found) => i64::try_from(found.len()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    entries.map(size_of).sum()
}

async fn pack(directory: &Path) {
    let git = Git::new(directory, "gc").arg("--auto").arg("--quiet").setting("gc.auto", "6700");
    if let Err(error) = git.output(FETCH).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "could not pack a mirror");
    }
}

impl Mirror {
    /// Brings exactly `commit` into the mirror, if one is wanted, and where each of `refs` is now.
    pub async fn fetch(
        &self,
        commit: Option<&CommitSha>,
        refs: &[&GitRef],
        credentials: &Credentials,
    ) -> Result<(), GitError> {
        let _held = self.lock.lock().await;
        let git = Git::new(&self.directory, "fetch");
        let mut git = git.arg("--no-tags").arg("--force").arg("--quiet").arg("--no-auto-gc");
        git = git.arg("--no-recurse-submodules").arg("--").arg(self.repository.address());
        if let Some(commit) = commit {
            git = git.arg(format!("{commit}:refs/slipway/{commit}"));
        }
        for git_ref in refs {
            git = git.arg(format!("+{git_ref}:{}", kept_as(git_ref)));
        }
        credentials.apply(git, &self.repository).output(FETCH).await.map(drop)
    }

    /// Begins with an empty mirror, because this one is damaged.
    pub async fn start_over(&self) -> Result<(), GitError> {
        let _held = self.lock.lock().await;
        if let Err(error) = tokio::fs::remove_dir_all(&self.directory).await {
            tracing::warn!(%error, directory = %self.directory.display(), "a damaged mirror stays");
        }
        init_bare(&self.directory, LOCAL).await
    }

    /// Everything in `newer` comes after `older`, or is it.
    pub async fn is_ancestor(&self, older: &CommitSha, newer: &CommitSha) -> bool {
        let git = Git::new(&self.directory, "merge-base").arg("--is-ancestor");
        git.arg(older.as_str()).arg(newer.as_str()).output(LOCAL).await.is_ok()
    }

    /// Every file of `commit`.
    pub async fn list(&self, commit: &CommitSha) -> Result<Vec<u8>, GitError> {
        let git = Git::new(&self.directory, "ls-tree").arg("-r").arg("-z").arg("--full-tree");
        git.arg(commit.as_str()).output(LOCAL).await
    }
}

/// Where the mirror keeps what it last saw of a ref. Hashed, so that `a` and `a/b` do not get into each
/// other's way when one goes and the other comes.
pub fn kept_as(git_ref: &GitRef) -> String {
    format!("refs/slipway/at/{}", hex::encode(&Sha256::digest(git_ref.to_string())[..16]))
}
