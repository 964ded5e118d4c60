//! Where a repository is, and whether this builder may fetch from there.

use std::path::{Path, PathBuf};

/// A repository address that git may be given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Repository {
    /// `https://host/path`, with nothing secret in it.
    Https(String),
    /// `ssh://user@host/path` or `user@host:path`.
    Ssh(String),
    /// A directory on this machine.
    Local(PathBuf),
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedRepository {
    /// Another protocol, or no address at all.
    #[error("repository {0:?} is not an https:// or ssh:// address")]
    Protocol(String),
    /// `https://user:password@host`.
    #[error("the repository address holds a password: store it as the secret GIT_TOKEN instead")]
    Password,
    /// A path while local repositories are not allowed there.
    #[error(
        "repository {0:?} is a local path that SLIPWAY_ALLOW_LOCAL_REPOSITORIES does not allow"
    )]
    LocalPath(String),
}

impl Repository {
    /// The repository at `address`; local paths only below `allowed`.
    pub fn parse(address: &str, allowed: &[PathBuf]) -> Result<Self, RefusedRepository> {
        let protocol = || RefusedRepository::Protocol(address.chars().take(200).collect());
        if address.is_empty() || address.starts_with('-') || address.contains(char::is_control) {
            return Err(protocol());
        }
        if let Some(rest) = address.strip_prefix("https://") {
            return https(address, rest).ok_or_else(protocol)?;
        }
        if let Some(path) =
            address.strip_prefix("file://").or(address.starts_with('/').then_some(address))
        {
            return local(path, allowed);
        }
        if is_ssh(address) { Ok(Self::Ssh(address.to_owned())) } else { Err(protocol()) }
    }

    /// The address as git takes it.
    pub fn address(&self) -> String {
        match self {
            Self::Https(address) | Self::Ssh(address) => address.clone(),
            Self::Local(path) => path.display().to_string(),
        }
    }

    /// The only protocol git may use for it, for `GIT_ALLOW_PROTOCOL`.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Https(_) => "https",
            Self::Ssh(_) => "ssh",
            Self::Local(_) => "file",
        }
    }
}

type Parsed = Result<Repository, RefusedRepository>;

fn https(address: &str, rest: &str) -> Option<Parsed> {
    let authority = rest.split('/').next().filter(|host| !host.is_empty())?;
    let holds_password = authority.contains('@');
    Some(if holds_password {
        Err(RefusedRepository::Password)
    } else {
        Ok(Repository::Https(address.to_owned()))
    })
}

fn local(path: &str, allowed: &[PathBuf]) -> Parsed {
    let refused = || RefusedRepository::LocalPath(path.chars().take(200).collect());
    let real = Path::new(path).canonicalize().map_err(|_| refused())?;
    let mut allowed = allowed.iter().filter_map(|allowed| allowed.canonicalize().ok());
    if allowed.any(|allowed| real.starts_with(allowed)) {
        Ok(Repository::Local(real))
    } else {
        Err(refused())
    }
}

/// A host and a path, none of which ssh could take for an option.
fn is_ssh(address: &str) -> bool {
    let (authority, path) = match address.strip_prefix("ssh://") {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None => address.split_once(':').unwrap_or((address, "")),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_:[]".contains(c);
    let is_option = authority.starts_with('-') || host.starts_with('-') || path.starts_with('-');
    !host.is_empty()
        && !path.is_empty()
        && authority.chars().all(plain)
        && !is_option
        && !path.contains("::")
        && (address.starts_with("ssh://") || authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_safe_addresses_parse() {
        for good in
            ["https://github.com/a/b.git", "ssh://git@host:22/a.git", "git@github.com:a/b.git"]
        {
            assert_eq!(
                Repository::parse(good, &[]).map(|found| found.address()),
                Ok(good.to_owned())
            );
        }
        for bad in [
            "",
            "-x",
            "http://host/a",
            "ext::sh -c x",
            "git://host/a",
            "ssh://-oProxyCommand=x/a",
            "host:path",
            "git@-oProxyCommand:a",
            "git@host:-x",
            "ssh://host",
            "https://",
            "https:///x",
            "a b@c:d",
            "git@h:a\nb",
        ] {
            assert!(Repository::parse(bad, &[]).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_without_repeating_it() {
        let error =
            Repository::parse("https://me:hunter2@host/a", &[]).expect_err("has a password");
        assert_eq!(error, RefusedRepository::Password);
    }

    #[test]
    fn local_paths_stay_below_the_allowed_directory() {
        let home = tempfile::tempdir().expect("a directory");
        let inside = home.path().join("repos/shop");
        std::fs::create_dir_all(&inside).expect("created");
        let allowed = [home.path().join("repos")];
        let parse = |path: &Path| Repository::parse(&path.display().to_string(), &allowed);
        assert!(parse(&inside).is_ok());
        assert!(parse(&allowed[0].join("../repos/shop")).is_ok());
        assert!(parse(&allowed[0].join("shop/../..")).is_err());
        assert!(Repository::parse(&inside.display().to_string(), &[]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_parses_is_an_option(address in ".{0,60}") {
            if let Ok(repository) = Repository::parse(&address, &[]) {
                prop_assert!(!repository.address().starts_with('-'));
            }
        }
    }
}
