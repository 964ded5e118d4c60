//! Newest wins: which of the unfinished builds of one ref are ended. Git is the truth about order, so
//! webhooks that arrive the wrong way round cannot bring an old commit back.

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

/// The builds to end, given the commit the ref has at the remote now (`None` when it is gone).
pub fn losers(contenders: &[Contender], head: Option<&CommitSha>) -> Vec<(BuildId, Loss)> {
    contenders.iter().filter_map(|one| Some((one.build, loss(one, contenders, head)?))).collect()
}

fn loss(one: &Contender, all: &[Contender], head: Option<&CommitSha>) -> Option<Loss> {
    if one.follows_head() {
        return match head {
            None => Some(Loss::RefDeleted),
            Some(head) if *head != one.commit => Some(Loss::Superseded),
            Some(_) => None,
        };
    }
    let newer = |other: &&Contender| other.change > one.change && other.commit != one.commit;
    let stands = |other: &Contender| !other.follows_head() || head == Some(&other.commit);
    all.iter().filter(newer).any(stands).then_some(Loss::Superseded)
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
    fn check(given: &[(u8, u8, ChangeCause)], head: Option<u8>, expected: &[(u8, Loss)]) {
        let contenders: Vec<_> =
            given.iter().map(|(o, c, cause)| contender(*o, *c, *cause)).collect();
        let found = losers(&contenders, head.map(sha).as_ref());
        let expected: Vec<_> = expected
            .iter()
            .map(|(o, loss)| (BuildId::new(Uuid::from_u128(u128::from(*o))), *loss))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_head_of_the_branch_wins_in_whatever_order_pushes_arrive() {
        check(&[(1, 10, Push), (2, 20, Push)], Some(20), &[(1, Loss::Superseded)]);
        check(&[(1, 20, Push), (2, 10, Push)], Some(20), &[(2, Loss::Superseded)]);
        check(&[(1, 10, Push)], Some(10), &[]);
        check(&[(1, 10, Push)], None, &[(1, Loss::RefDeleted)]);
    }

    #[test]
    fn what_a_person_asked_for_yields_only_to_something_newer_that_stands() {
        check(&[(1, 10, Manual)], Some(20), &[]);
        check(&[(1, 10, Manual), (2, 20, Push)], Some(20), &[(1, Loss::Superseded)]);
        check(&[(1, 10, Manual), (2, 20, Push)], Some(30), &[(2, Loss::Superseded)]);
        check(&[(1, 10, Manual), (2, 20, Manual)], None, &[(1, Loss::Superseded)]);
        check(&[(1, 10, Tag), (2, 20, Tag)], None, &[(1, Loss::Superseded)]);
        check(&[(1, 10, Manual), (2, 10, Manual)], None, &[]);
    }

    proptest! {
        #[test]
        fn a_build_of_the_head_that_came_last_is_never_ended(
            others in proptest::collection::vec((0u8..9, 0u8..9), 0..6), head in 0u8..9,
        ) {
            let mut all: Vec<_> = others.iter().map(|(o, c)| contender(*o, *c, Push)).collect();
            let last = contender(99, head, Push);
            all.push(last.clone());
            prop_assert!(losers(&all, Some(&sha(head))).iter().all(|(build, _)| *build != last.build));
        }
    }
}
