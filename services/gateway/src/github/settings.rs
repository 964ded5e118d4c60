//! Which GitHub, and as whom. Pure.

use super::AppKey;
use super::slug::{InvalidSlug, Slug};
use crate::repository::{LocalRoots, Repository};
use events::AppName;
use outgoing::{InvalidTarget, Target};
use service::Secret;
use std::collections::BTreeMap;
use std::str::FromStr;

/// As whom GitHub is asked.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Whoever has this token.
    Token(Secret),
    /// A GitHub App, wherever it is installed.
    App(AppKey),
}

/// Which GitHub is told and asked, and as whom.
#[derive(Debug, Clone)]
pub struct GitHub {
    pub(super) api: Target,
    /// The host of the repositories.
    host: String,
    pub(super) identity: Identity,
    repositories: Repositories,
}

/// An address that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidGitHub(InvalidTarget);

/// Apps whose repository is a copy of one at GitHub, as `shop=acme/shop,api=acme/api`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repositories(BTreeMap<AppName, Slug>);

impl GitHub {
    /// The GitHub whose API is at `url`: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server.
    pub fn parse(url: &str, identity: Identity) -> Result<Self, InvalidGitHub> {
        let api = Target::parse(url).map_err(InvalidGitHub)?;
        let host = api.host.strip_prefix("api.").unwrap_or(&api.host).to_ascii_lowercase();
        Ok(Self { api, host, identity, repositories: Repositories::default() })
    }

    /// The same with what else is known of apps.
    #[must_use]
    pub fn knowing(self, repositories: Repositories) -> Self {
        Self { repositories, ..self }
    }

    /// The repository of `app` at this GitHub: the one that is set for it, or where it says it is.
    pub(crate) fn slug(&self, app: &AppName, repository: &str) -> Option<Slug> {
        if let Some(slug) = self.repositories.0.get(app) {
            return Some(slug.clone());
        }
        let repository = Repository::parse(repository, &LocalRoots::default()).ok()?;
        let (_, path) = repository.place().filter(|(host, _)| *host == self.host)?;
        path.parse().ok()
    }

    /// Whether files may be sent there with our token: the API itself, or the host beside it that takes them.
    pub(super) fn takes_files(&self, target: &Target) -> bool {
        let beside = format!("uploads.{}", self.host);
        let is_known = target.host == self.api.host || target.host.eq_ignore_ascii_case(&beside);
        is_known && target.is_tls == self.api.is_tls
    }
}

impl FromStr for Repositories {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let pair = |word: &str| {
            let (app, slug) =
                word.split_once('=').ok_or_else(|| format!("{word:?} is not APP=OWNER/NAME"))?;
            let app = AppName::parse(app).map_err(|error| error.to_string())?;
            let slug = slug.parse().map_err(|error: InvalidSlug| error.to_string())?;
            Ok((app, slug))
        };
        words.map(pair).collect::<Result<_, String>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn github(url: &str, repositories: &str) -> GitHub {
        let repositories = repositories.parse().expect("repositories");
        let identity = Identity::Token(Secret::new("t0ken"));
        GitHub::parse(url, identity).expect("an API").knowing(repositories)
    }

    fn slug(github: &GitHub, app: &str, repository: &str) -> String {
        let app = AppName::parse(app).expect("a name");
        github.slug(&app, repository).map(|slug| slug.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_repository_is_known_by_its_address() {
        let known = github("https://api.github.com", "copy=acme/original");
        assert_eq!(slug(&known, "shop", "https://github.com/Acme/Shop.git"), "acme/shop");
        assert_eq!(slug(&known, "shop", "git@github.com:acme/shop.git"), "acme/shop");
        assert_eq!(slug(&known, "shop", "https://gitlab.com/acme/shop"), "");
        assert_eq!(slug(&known, "shop", "/srv/git/shop"), "");
        assert_eq!(slug(&known, "copy", "/srv/git/shop"), "acme/original");
        let enterprise = github("https://ghe.example.com/api/v3", "");
        assert_eq!(slug(&enterprise, "shop", "ssh://git@ghe.example.com/acme/shop"), "acme/shop");
        assert_eq!(slug(&enterprise, "shop", "https://github.com/acme/shop"), "");
    }

    #[test]
    fn what_is_no_repository_is_named() {
        let refused = |text: &str| text.parse::<Repositories>().expect_err("refused");
        assert_eq!(refused("shop"), "\"shop\" is not APP=OWNER/NAME");
        assert_eq!(refused("shop=acme"), "\"acme\" is not OWNER/NAME");
    }
}
