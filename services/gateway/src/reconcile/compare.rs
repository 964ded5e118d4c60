//! What differs between the refs as they were last seen and as the remote has them.

use crate::db::branch_head::Known;
use events::{CommitSha, GitRef};
use std::collections::BTreeMap;
use std::time::Duration;

/// A ref that is not where it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub git_ref: GitRef,
    /// Where it is; nowhere when it is gone.
    pub after: Option<CommitSha>,
    /// The version of the head that was compared; 0 when the ref was never seen.
    pub version: i64,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// What to follow.
    pub differences: Vec<Difference>,
    /// A ref differs that moved a moment ago: look again once it has settled.
    pub is_unsettled: bool,
}

/// The differences. `known` was read before the remote was asked, so that a push in between is not taken
/// for one that went back. A ref that moved less than `settle` ago is left alone: a forge may answer from
/// a copy that lags behind its own webhooks. Tags that are versions come in their order, the newest last.
pub(super) fn differences(
    known: &BTreeMap<GitRef, Known>,
    remote: &BTreeMap<GitRef, CommitSha>,
    settle: Duration,
) -> Found {
    let appeared = remote.iter().filter(|(git_ref, _)| !known.contains_key(git_ref)).map(
        |(git_ref, commit)| Difference {
            git_ref: git_ref.clone(),
            after: Some(commit.clone()),
            version: 0,
        },
    );
    let moved =
        known.iter().filter(|(git_ref, known)| known.commit.as_ref() != remote.get(git_ref));
    let (settled, unsettled): (Vec<_>, Vec<_>) =
        moved.partition(|(_, known)| known.age >= settle.as_secs_f64());
    let settled = settled.into_iter().map(|(git_ref, known)| Difference {
        git_ref: git_ref.clone(),
        after: remote.get(git_ref).cloned(),
        version: known.version,
    });
    let mut differences: Vec<_> = appeared.chain(settled).collect();
    differences.sort_by(|one, other| manifest::by_version(&one.git_ref, &other.git_ref));
    Found { differences, is_unsettled: !unsettled.is_empty() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(digit: &str) -> CommitSha {
        CommitSha::parse(&digit.repeat(40)).expect("a commit")
    }

    fn branch(name: &str) -> GitRef {
        GitRef::branch(name).expect("a branch")
    }

    /// As `main:a:60` for a branch, its commit (`-` when gone) and the seconds since it moved.
    fn known(refs: &[&str]) -> BTreeMap<GitRef, Known> {
        let one = |text: &&str| {
            let parts: Vec<&str> = text.split(':').collect();
            let commit = (parts[1] != "-").then(|| commit(parts[1]));
            let age = parts[2].parse().expect("seconds");
            (branch(parts[0]), Known { commit, version: 7, age })
        };
        refs.iter().map(one).collect()
    }

    fn story(seen: &[&str], now: &[(&str, &str)]) -> Vec<String> {
        let remote = now.iter().map(|(name, digit)| (branch(name), commit(digit))).collect();
        let found = differences(&known(seen), &remote, Duration::from_secs(30));
        let told = found.differences.iter().map(|difference| {
            let after = difference.after.as_ref().map_or("gone", |commit| &commit.as_str()[..1]);
            format!("{} {after} v{}", difference.git_ref.name(), difference.version)
        });
        told.chain(found.is_unsettled.then(|| "again".to_owned())).collect()
    }

    #[test]
    fn refs_that_moved_appeared_or_went_are_found() {
        let seen = ["main:a:60", "old:b:60", "same:c:60", "gone:-:60"];
        let now = [("main", "d"), ("same", "c"), ("new", "e")];
        assert_eq!(story(&seen, &now), ["new e v0", "main d v7", "old gone v7"]);
    }

    #[test]
    fn a_ref_that_just_moved_is_looked_at_again() {
        assert_eq!(story(&["main:b:5"], &[("main", "b")]), Vec::<String>::new());
        assert_eq!(story(&["main:b:5"], &[("main", "a")]), ["again"]);
        assert_eq!(story(&["main:b:30"], &[("main", "a")]), ["main a v7"]);
    }

    #[test]
    fn tags_that_are_found_together_come_by_their_versions() {
        let tags = ["v1.10.0", "v1.2.0", "v1.2.0-rc.1", "nightly"];
        let remote = tags.map(|name| (GitRef::tag(name).expect("a tag"), commit("a")));
        let found = differences(&BTreeMap::new(), &remote.into(), Duration::ZERO);
        let order: Vec<&str> = found.differences.iter().map(|found| found.git_ref.name()).collect();
        assert_eq!(order, ["nightly", "v1.2.0-rc.1", "v1.2.0", "v1.10.0"]);
    }

    #[test]
    fn a_deleted_branch_may_come_back() {
        assert_eq!(story(&["main:-:60"], &[("main", "a")]), ["main a v7"]);
    }
}
