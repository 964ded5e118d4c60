//! What `git ls-remote --symref` prints.

use events::{CommitSha, GitRef};
use std::collections::BTreeMap;

/// Where the refs of a repository are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remote {
    /// The branch `HEAD` stands for.
    pub default_branch: Option<String>,
    /// Each branch and tag and its commit; of an annotated tag not the tag but its commit.
    pub heads: BTreeMap<GitRef, CommitSha>,
}

impl Remote {
    /// What `text` says; a line that says nothing we follow is skipped.
    pub(super) fn parse(text: &str) -> Self {
        let mut remote = Self::default();
        for line in text.lines() {
            let Some((what, name)) = line.split_once('\t') else { continue };
            if let Some(target) = what.strip_prefix("ref: ") {
                let branch = target.strip_prefix("refs/heads/").filter(|_| name == "HEAD");
                remote.default_branch = branch.map(ToOwned::to_owned).or(remote.default_branch);
                continue;
            }
            let (name, peeled) = match name.strip_suffix("^{}") {
                Some(name) => (name, true),
                None => (name, false),
            };
            let (Ok(git_ref), Ok(commit)) = (GitRef::parse(name), CommitSha::parse(what)) else {
                continue;
            };
            if peeled || !remote.heads.contains_key(&git_ref) {
                remote.heads.insert(git_ref, commit);
            }
        }
        remote
    }

    /// The ref a person means by a branch, a tag or a full name, and its commit.
    pub(crate) fn find(&self, name: &str) -> Option<(GitRef, CommitSha)> {
        let meant = [GitRef::parse(name), GitRef::branch(name), GitRef::tag(name)];
        meant.into_iter().flatten().find_map(|git_ref| {
            let commit = self.heads.get(&git_ref)?.clone();
            Some((git_ref, commit))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn remote() -> Remote {
        let line = |digit: &str, name: &str| format!("{}\t{name}\n", digit.repeat(40));
        Remote::parse(
            &[
                "ref: refs/heads/main\tHEAD\n".to_owned(),
                line("a", "HEAD"),
                line("a", "refs/heads/main"),
                line("b", "refs/heads/v1"),
                line("c", "refs/pull/1/head"),
                line("d", "refs/tags/v1"),
                line("e", "refs/tags/v1^{}"),
                "nonsense\n".to_owned(),
            ]
            .concat(),
        )
    }

    #[test]
    fn branches_tags_and_the_default_branch_are_read() {
        let remote = remote();
        assert_eq!(remote.default_branch.as_deref(), Some("main"));
        let heads: Vec<String> = remote
            .heads
            .iter()
            .map(|(git_ref, commit)| format!("{git_ref} {}", commit.short()))
            .collect();
        insta::assert_snapshot!(heads.join("\n"), @r"
        refs/heads/main aaaaaaaaaaaa
        refs/heads/v1 bbbbbbbbbbbb
        refs/tags/v1 eeeeeeeeeeee
        ");
    }

    #[test]
    fn a_name_means_a_branch_before_a_tag() {
        let found = |name| remote().find(name).map(|(git_ref, _)| git_ref.to_string());
        assert_eq!(found("v1").as_deref(), Some("refs/heads/v1"));
        assert_eq!(found("refs/tags/v1").as_deref(), Some("refs/tags/v1"));
        assert_eq!(found("nothing"), None);
    }

    proptest! {
        #[test]
        fn no_output_is_too_strange(text in "(?s).{0,200}") {
            Remote::parse(&text);
        }
    }
}
