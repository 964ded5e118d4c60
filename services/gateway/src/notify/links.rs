//! Where people find a commit. Pure.

use events::CommitSha;

/// The page of `commit`, where the forge of the repository is known to have one: the path is the same at
/// GitHub, GitLab, Gitea and Forgejo.
pub(crate) fn commit(repository: &str, commit: &CommitSha) -> Option<String> {
    let (host, path) = if let Some(rest) = repository.strip_prefix("https://") {
        rest.split_once('/')?
    } else if let Some(rest) = repository.strip_prefix("ssh://") {
        let (host, path) = rest.split_once('/')?;
        // The port is that of ssh.
        (host.split(':').next()?, path)
    } else {
        repository.split_once(':').filter(|(host, _)| host.contains('@'))?
    };
    let host = host.rsplit('@').next()?;
    let path = path.trim_matches('/').trim_end_matches(".git");
    (!host.is_empty() && !path.is_empty()).then(|| format!("https://{host}/{path}/commit/{commit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(repository: &str) -> Option<String> {
        let sha = CommitSha::parse(&"a".repeat(40)).unwrap();
        commit(repository, &sha).map(|link| link.replace(&"a".repeat(40), "SHA"))
    }

    #[test]
    fn a_commit_has_a_page_at_its_forge() {
        let page = Some("https://github.com/acme/shop/commit/SHA".to_owned());
        assert_eq!(link("https://github.com/acme/shop.git"), page);
        assert_eq!(link("https://github.com/acme/shop/"), page);
        assert_eq!(link("git@github.com:acme/shop.git"), page);
        assert_eq!(link("ssh://git@github.com:22/acme/shop.git"), page);
        assert_eq!(link("/srv/git/shop.git"), None);
    }
}
