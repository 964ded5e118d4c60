//! Where things are below the data directory.

use std::path::{Path, PathBuf};

/// The data directory of a platform on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`.
    pub(crate) fn new(root: PathBuf) -> Self {
        let root = std::path::absolute(&root).unwrap_or(root);
        Self { root }
    }

    /// The system's place as root, because other accounts cannot enter /root; else the user's own.
    pub(crate) fn default_root() -> PathBuf {
        if nix::unistd::geteuid().is_root() {
            return PathBuf::from("/var/lib/slipway");
        }
        let set =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data =
            set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
        data.unwrap_or_else(|| PathBuf::from(".")).join("slipway")
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What runs now.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("up.json")
    }

    /// Held by the supervisor as long as it lives.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("up.lock")
    }

    /// What was decided at the first start.
    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    /// Passwords and tokens, one file each.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    /// One of them.
    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.secrets().join(name)
    }

    /// The token of the admin that the first start made.
    pub(crate) fn admin_token(&self) -> PathBuf {
        self.secret("admin-token")
    }

    /// Logs of programs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The log of one program.
    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.logs().join(format!("{program}.log"))
    }

    /// What one program keeps.
    pub(crate) fn home(&self, program: &str) -> PathBuf {
        self.root.join(program)
    }
}
