//! Where git finds a repository. A value is safe in argv: it never starts with `-`, holds no credentials
//! and names one of the transports that are allowed.

/// Where git finds a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    address: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Https { host: String, path: String },
    Ssh { host: String, path: String },
    Local,
}

/// Why a text is not a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidRepository {
    #[error(
        "use https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or an absolute local path"
    )]
    Shape,
    #[error("an address must not hold credentials; set the secret GIT_TOKEN of the app instead")]
    Credentials,
    #[error("local paths are allowed only below SLIPWAY_ALLOW_LOCAL_REPOSITORIES")]
    Local,
}

impl Repository {
    /// The repository in `text`. A local path must be below one of `allowed`.
    pub(crate) fn parse(text: &str, allowed: &LocalRoots) -> Result<Self, InvalidRepository> {
        let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'`' | b'\\');
        if !(1..=500).contains(&text.len()) || !text.bytes().all(plain) || text.contains("/../") {
            return Err(InvalidRepository::Shape);
        }
        let kind = if let Some(rest) = text.strip_prefix("https://") {
            let (host, path) = host_and_path(rest, '/')?;
            if host.contains('@') {
                return Err(InvalidRepository::Credentials);
            }
            Kind::Https { host: checked_host(host)?, path }
        } else if let Some(rest) = text.strip_prefix("ssh://") {
            let (host, path) = host_and_path(rest, '/')?;
            Kind::Ssh { host: ssh_host(host)?, path }
        } else if text.starts_with('/') {
            if !allowed.contain(text) {
                return Err(InvalidRepository::Local);
            }
            Kind::Local
        } else if text.contains('@') && !text.contains("://") {
            let (host, path) = host_and_path(text, ':')?;
            Kind::Ssh { host: ssh_host(host)?, path }
        } else {
            return Err(InvalidRepository::Shape);
        };
        Ok(Self { address: text.to_owned(), kind })
    }

    /// What git is told.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The only protocol git may use for it, as `GIT_ALLOW_PROTOCOL` names it.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.kind {
            Kind::Https { .. } => "https",
            Kind::Ssh { .. } => "ssh",
            Kind::Local => "file",
        }
    }

    pub(crate) fn is_ssh(&self) -> bool {
        matches!(self.kind, Kind::Ssh { .. })
    }

    /// `https://host:port` of an https address.
    pub(crate) fn https_origin(&self) -> Option<&str> {
        let host = self.address.strip_prefix("https://")?.split('/').next()?;
        self.address.get(.."https://".len() + host.len())
    }

    /// Whether the address a forge gives is surely another repository: the same host, another path.
    /// A mirror or a local copy of the forge's repository is not.
    pub(crate) fn is_surely_not(&self, given: &str) -> bool {
        let Ok(given) = Self::parse(given, &LocalRoots::default()) else { return false };
        match (self.place(), given.place()) {
            (Some((host, path)), Some((other, given))) => host == other && path != given,
            _ => false,
        }
    }

    /// Host and path in small letters, without `.git`; nothing for a local path.
    pub(crate) fn place(&self) -> Option<(&str, &str)> {
        match &self.kind {
            Kind::Https { host, path } | Kind::Ssh { host, path } => Some((host, path)),
            Kind::Local => None,
        }
    }
}

/// Folders below which a repository may be a local path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalRoots(Vec<String>);

impl LocalRoots {
    /// The folders in `text`, absolute and separated by `:`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let roots: Vec<String> = text
            .split(':')
            .filter(|root| !root.is_empty())
            .map(|root| root.trim_end_matches('/').to_owned())
            .collect();
        match text.split(':').find(|root| !root.is_empty() && !root.starts_with('/')) {
            Some(root) => Err(format!("folder {root:?} is not absolute")),
            None => Ok(Self(roots)),
        }
    }

    fn contain(&self, path: &str) -> bool {
        let below =
            |root: &String| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        !path.split('/').any(|part| part == "..") && self.0.iter().any(below)
    }
}

impl std::str::FromStr for LocalRoots {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

fn host_and_path(text: &str, separator: char) -> Result<(&str, String), InvalidRepository> {
    let (host, path) = text.split_once(separator).ok_or(InvalidRepository::Shape)?;
    let path = path.trim_matches('/');
    let good = !path.is_empty() && !path.starts_with('-') && !path.contains(['?', '#', '@']);
    if !good {
        return Err(InvalidRepository::Shape);
    }
    Ok((host, path.strip_suffix(".git").unwrap_or(path).to_ascii_lowercase()))
}

fn ssh_host(text: &str) -> Result<String, InvalidRepository> {
    let host = match text.split_once('@') {
        Some((user, _)) if user.contains(':') => return Err(InvalidRepository::Credentials),
        Some((user, host)) if is_name(user) => host,
        Some(_) => return Err(InvalidRepository::Shape),
        None => text,
    };
    checked_host(host)
}

fn checked_host(text: &str) -> Result<String, InvalidRepository> {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let good = is_name(host) && host.contains(|c: char| c.is_ascii_alphanumeric());
    if good && port.parse::<u16>().is_ok() {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(InvalidRepository::Shape)
    }
}

fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !text.is_empty() && !text.starts_with(['-', '.']) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Repository, InvalidRepository> {
        Repository::parse(text, &LocalRoots::parse("/srv/git:/home/me/").expect("valid"))
    }

    #[test]
    fn four_ways_to_say_where_a_repository_is() {
        for good in [
            "https://github.com/acme/shop.git",
            "https://git.example.com:8443/acme/shop",
            "ssh://git@github.com/acme/shop.git",
            "git@github.com:acme/shop.git",
            "/srv/git/shop.git",
            "/home/me/shop",
        ] {
            assert_eq!(parse(good).map(|r| r.address().to_owned()).as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_git_could_take_for_something_else_is_refused() {
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "http://a/b",
            "ext::sh -c x",
            "file:///srv/git/x",
            "https://a",
            "https://-a/b",
            "ssh://-oProxyCommand=x/y",
            "git@host:-x",
            "https://a/b c",
            "https://a/b?c",
            "git://a/b",
            "a b@c:d",
            "https://a/x/../b",
            "https://a:x/b",
            "x@y",
            "https:///b",
        ] {
            assert_eq!(parse(bad), Err(InvalidRepository::Shape), "{bad:?}");
        }
        for secret in ["https://me:pw@a/b", "https://token@a/b", "ssh://me:pw@a/b"] {
            assert_eq!(parse(secret), Err(InvalidRepository::Credentials), "{secret:?}");
        }
        for outside in ["/etc/x", "/srv/gitx/y", "/srv/git", "/srv/git/.."] {
            assert_eq!(parse(outside), Err(InvalidRepository::Local), "{outside:?}");
        }
    }

    #[test]
    fn another_repository_of_the_same_host_is_told_apart() {
        let ours = parse("git@github.com:Acme/Shop.git").expect("valid");
        assert!(!ours.is_surely_not("https://github.com/acme/shop.git"));
        assert!(ours.is_surely_not("https://github.com/acme/other.git"));
        assert!(!ours.is_surely_not("https://mirror.example.com/x.git"));
        assert!(!parse("/srv/git/shop").expect("valid").is_surely_not("https://github.com/a/b"));
    }

    proptest! {
        #[test]
        fn an_address_is_never_an_option(text in "[-a-z@:/. =]{0,30}") {
            if let Ok(repository) = parse(&text) {
                prop_assert!(!repository.address().starts_with('-'));
                prop_assert!(!repository.address().contains(' '));
            }
        }
    }
}
