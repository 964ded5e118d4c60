//! A git repository of a test.

use events::CommitSha;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A work tree with a branch `main`.
#[derive(Debug)]
pub(crate) struct Repo {
    pub(crate) path: PathBuf,
}

impl Repo {
    pub(crate) fn create(path: PathBuf) -> Self {
        std::fs::create_dir_all(&path).expect("created");
        let repo = Self { path };
        repo.git(&["init", "--quiet", "--initial-branch", "main"]);
        repo
    }

    /// A commit with these files written; returns its id.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> CommitSha {
        for (path, content) in files {
            let path = self.path.join(path);
            std::fs::create_dir_all(path.parent().expect("below the repository")).expect("created");
            std::fs::write(path, content).expect("written");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "a change"]);
        self.head()
    }

    pub(crate) fn head(&self) -> CommitSha {
        CommitSha::parse(self.git(&["rev-parse", "HEAD"]).trim()).expect("a commit")
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.path, args)
    }
}

fn git(directory: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    let output = Command::new("git")
        .current_dir(directory)
        .args(identity)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
