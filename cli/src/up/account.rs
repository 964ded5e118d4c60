//! The account that Postgres, NATS and the registry run as when the platform is started by root: none of
//! them needs more rights, and Postgres refuses to have them.

use super::Error;
use nix::unistd::{Gid, Uid, User};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Accounts that may serve, the best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An account without rights of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) name: String,
    uid: Uid,
    gid: Gid,
}

impl Account {
    /// The account to step down to; nothing when this process is not root.
    pub(crate) fn to_step_down_to() -> Result<Option<Self>, Error> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(None);
        }
        let found = CANDIDATES.iter().find_map(|name| Self::named(name));
        found.map(Some).ok_or(Error::NoAccount)
    }

    /// The account with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten()?;
        Some(Self { name: user.name, uid: user.uid, gid: user.gid })
    }

    /// Gives `path` to the account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        nix::unistd::chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| Error::file("give away", path)(error.into()))
    }

    /// Checks that the account can enter every directory down to `path`.
    pub(crate) fn can_enter(&self, path: &Path) -> Result<(), Error> {
        let closed = path.ancestors().find(|directory| {
            std::fs::metadata(directory)
                .is_ok_and(|metadata| metadata.permissions().mode() & 0o001 == 0)
        });
        closed.map_or(Ok(()), |path| {
            let (path, account) = (path.display().to_string(), self.name.clone());
            Err(Error::Closed { path, account })
        })
    }

    /// Gives up the rights of this process for those of the account.
    pub(crate) fn become_it(&self) -> nix::Result<()> {
        nix::unistd::setgroups(&[self.gid])?;
        nix::unistd::setgid(self.gid)?;
        nix::unistd::setuid(self.uid)
    }
}
