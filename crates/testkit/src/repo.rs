//! A git repository that a team pushes to: real git, in a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with a work tree; pushing is what the test says to the forge afterwards.
#[derive(Debug)]
pub struct Repo {
    path: PathBuf,
    _removed_at_the_end: Option<tempfile::TempDir>,
}

impl Repo {
    /// An empty repository with branch `main`.
    pub fn init() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { path: folder.path().to_owned(), _removed_at_the_end: Some(folder) }.begin()
    }

    /// An empty repository with branch `main` in a new folder that stays.
    pub fn init_at(path: &Path) -> Self {
        std::fs::create_dir_all(path).expect("a folder");
        Self { path: path.to_owned(), _removed_at_the_end: None }.begin()
    }

    fn begin(self) -> Self {
        let repo = self;
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo.git(&["config", "user.name", "Ana"]);
        repo.git(&["config", "user.email", "ana@example.com"]);
        repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        repo
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path().join(path);
        let parent = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(parent).expect("its folder");
        std::fs::write(path, text).expect("the file");
        self
    }

    /// Copies every file of `from` into the repository.
    pub fn copy(&self, from: &Path) -> &Self {
        copy_folder(from, self.path());
        self
    }

    /// Commits everything; the new commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head()
    }

    /// The commit that is checked out.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the repository and returns what it prints; panics with its complaint.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("git runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {complaint}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
