//! Newest wins: which of the unfinished builds of one ref are ended. Git is the truth about order, so
//! webhooks that arrive the wrong way round cannot bring an old commit back.

use crate::failure::{Failure, Reason, Stop};
use events::payload::ChangeCause;
use events::{BuildId, ChangeId, CommitSha, GitRef};

/// An unfinished build of the ref in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// The build.
    pub build: BuildId,
    /// Its change; later changes have greater ids.
    pub change: ChangeId,
    /// Branch or tag.
    pub git_ref: GitRef,
    /// What it builds.
    pub commit: CommitSha,
    /// Why it exists.
    pub cause: ChangeCause,
}

/// Why a build is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Another commit is newer.
    Superseded,
    /// The branch is gone.
    RefDeleted,
}

impl Contender {
    /// It says "the branch is here now", which git can contradict.
    pub fn follows_head(&self) -> bool {
        let says_so =
            matches!(self.cause, ChangeCause::Push | ChangeCause::Poll | ChangeCause::Retrain);
        says_so && matches!(self.git_ref, GitRef::Branch(_))
    }
}

impl Loss {
    /// What it means for a build of `git_ref`.
    pub fn failure(self, git_ref: &GitRef) -> Failure {
        let name = git_ref.name();
        match self {
            Self::Superseded => {
                Failure::new(Reason::Superseded, format!("{name} is at a newer commit"))
            }
            Self::RefDeleted => Failure::new(Reason::RefDeleted, format!("{name} was deleted")),
        }
    }

    /// What it means for the build that finds it out.
    pub fn stop(self, git_ref: &GitRef) -> Stop {
        Stop::Cancelled(self.failure(git_ref))
    }
}

/// Whether a build has lost against the commit its branch has at the remote now. `is_ahead` says that
/// everything there is also in the commit of the build: then the remote is behind what it told us.
pub fn own_loss(one: &Contender, head: Option<&CommitSha>, is_ahead: bool) -> Option<Loss> {
    match head {
        _ if !one.follows_head() => None,
        None => Some(Loss::RefDeleted),
        Some(head) if *head == one.commit || is_ahead => None,
        Some(_) => Some(Loss::Superseded),
    }
}

/// The builds that have lost against another of them, given the commit the ref has at the remote now. A
/// change that came after the one at the head is not judged here: its own build finds out.
pub fn losers(contenders: &[Contender], head: Option<&CommitSha>) -> Vec<BuildId> {
    let at_head = |one: &&Contender| one.follows_head() && head == Some(&one.commit);
    let winner = contenders.iter().filter(at_head).max_by_key(|one| one.change);
    let stands = |other: &Contender| !other.follows_head() || head == Some(&other.commit);
    let has_lost = |one: &&Contender| {
        let newer = |other: &Contender| other.change > one.change && other.commit != one.commit;
        if one.follows_head() {
            winner.is_some_and(newer)
        } else {
            contenders.iter().any(|other| newer(other) && stands(other))
        }
    };
    contenders.iter().filter(has_lost).map(|one| one.build).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChangeCause::{Manual, Push, Tag};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn sha(n: u8) -> CommitSha {
        CommitSha::parse(&format!("{:040x}", u32::from(n) + 1)).expect("valid")
    }

    fn contender(order: u8, commit: u8, cause: ChangeCause) -> Contender {
        let git_ref = if cause == Tag { GitRef::tag("v1") } else { GitRef::branch("main") };
        let id = Uuid::from_u128(u128::from(order));
        Contender {
            build: BuildId::new(id),
            change: ChangeId::new(id),
            git_ref: git_ref.expect("valid"),
            commit: sha(commit),
            cause,
        }
    }

    #[track_caller]
    fn check(given: &[(u8, u8, ChangeCause)], head: Option<u8>, lost: &[u8]) {
        let contenders: Vec<_> =
            given.iter().map(|(order, commit, cause)| contender(*order, *commit, *cause)).collect();
        let lost: Vec<_> =
            lost.iter().map(|order| BuildId::new(Uuid::from_u128(u128::from(*order)))).collect();
        assert_eq!(losers(&contenders, head.map(sha).as_ref()), lost);
    }

    #[test]
    fn an_older_push_loses_against_the_one_at_the_head() {
        check(&[(1, 10, Push), (2, 20, Push)], Some(20), &[1]);
        check(&[(1, 10, Push), (2, 20, Push)], Some(30), &[]);
        check(&[(1, 10, Push), (2, 10, Push)], Some(10), &[]);
    }

    #[test]
    fn a_push_that_the_remote_does_not_show_yet_is_left_alone() {
        check(&[(1, 10, Push), (2, 20, Push)], Some(10), &[]);
        assert_eq!(own_loss(&contender(2, 20, Push), Some(&sha(10)), true), None);
    }

    #[test]
    fn a_push_that_arrives_late_finds_out_itself() {
        assert_eq!(
            own_loss(&contender(2, 10, Push), Some(&sha(20)), false),
            Some(Loss::Superseded)
        );
        assert_eq!(own_loss(&contender(1, 10, Push), None, false), Some(Loss::RefDeleted));
        assert_eq!(own_loss(&contender(1, 10, Push), Some(&sha(10)), false), None);
    }

    #[test]
    fn what_a_person_asked_for_yields_only_to_something_newer_that_stands() {
        check(&[(1, 10, Manual)], Some(20), &[]);
        check(&[(1, 10, Manual), (2, 20, Push)], Some(20), &[1]);
        check(&[(1, 10, Manual), (2, 20, Push)], Some(30), &[]);
        check(&[(1, 10, Manual), (2, 20, Manual)], None, &[1]);
        check(&[(1, 10, Tag), (2, 20, Tag)], None, &[1]);
        check(&[(1, 10, Manual), (2, 10, Manual)], None, &[]);
        assert_eq!(own_loss(&contender(1, 10, Manual), Some(&sha(20)), false), None);
    }

    proptest! {
        #[test]
        fn the_newest_change_never_loses(
            others in proptest::collection::vec((0u8..9, 0u8..9, any::<bool>()), 0..6),
            newest in 0u8..9, head in proptest::option::of(0u8..9),
        ) {
            let cause = |manual| if manual { Manual } else { Push };
            let others = others.iter().map(|(order, commit, manual)| contender(*order, *commit, cause(*manual)));
            let last = contender(99, newest, Push);
            let all: Vec<_> = others.chain([last.clone()]).collect();
            prop_assert!(!losers(&all, head.map(sha).as_ref()).contains(&last.build));
        }
    }
}
