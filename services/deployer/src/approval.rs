//! Who must agree to a release before it begins. Pure.

use crate::content::Origin;
use crate::db::release::Release;
use crate::db::vote::{Kind, Vote};
use ::release::State;
use events::PrincipalName;
use manifest::Resolved;

/// How many people must agree.
pub(crate) fn wanted(resolved: &Resolved) -> usize {
    let count = resolved.approval.as_ref().map_or(0, |approval| approval.count);
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// How many agreed.
pub(crate) fn agreed(votes: &[Vote]) -> usize {
    votes.iter().filter(|vote| vote.kind == Kind::Approve).count()
}

/// Nobody agrees to what they pushed or asked for themselves. Forges do not tell capitals from small letters.
pub(crate) fn is_own(origin: &Origin, voter: &PrincipalName) -> bool {
    let is = |name: &PrincipalName| voter.as_str().eq_ignore_ascii_case(name.as_str());
    is(&origin.by) || is(origin.author())
}

/// Who does not count, for people.
pub(crate) fn not_by(origin: &Origin) -> String {
    match &origin.author {
        Some(author) if origin.by == PrincipalName::slipway() => author.to_string(),
        Some(author) if *author != origin.by => format!("{author} or {}", origin.by),
        Some(_) | None => origin.by.to_string(),
    }
}

/// What is asked of people when `release` comes to `state`.
pub(crate) fn asked(release: &Release, state: &State) -> Option<String> {
    matches!(state, State::AwaitingApproval { .. })
        .then(|| request(wanted(&release.content.resolved), &release.origin))
}

fn request(wanted: usize, origin: &Origin) -> String {
    let people = if wanted == 1 { "1 person".to_owned() } else { format!("{wanted} people") };
    let not_by = not_by(origin);
    let is_same = not_by == origin.by.as_str();
    let who = if is_same { "who asked for it" } else { "who made it or asked for it" };
    format!("{people} must agree, and {not_by}, {who}, does not count")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_by(by: &str) -> Origin {
        Origin {
            cause: "push".to_owned(),
            by: PrincipalName::new(by),
            author: None,
            commit: None,
            git_ref: None,
            build: None,
            change: None,
            reason: None,
            model: None,
        }
    }

    #[test]
    fn nobody_agrees_to_their_own() {
        let is_own = |by: &str, voter: &str| is_own(&asked_by(by), &PrincipalName::new(voter));
        assert!(is_own("Ada-L", "ada-l") && !is_own("ada", "bo") && !is_own("ada", "ada2"));
    }

    #[test]
    fn only_who_agrees_counts() {
        let vote = |voter: &str, kind| Vote {
            voter: PrincipalName::new(voter),
            kind,
            reason: String::new(),
            at: chrono::DateTime::UNIX_EPOCH,
        };
        let votes = [
            vote("bo", Kind::Approve),
            vote("bo", Kind::OverrideFreeze),
            vote("eve", Kind::Refuse),
        ];
        assert_eq!(agreed(&votes), 1);
    }

    #[test]
    fn people_are_told_how_many_are_asked() {
        let told = [1, 2].map(|wanted| request(wanted, &asked_by("ada")));
        assert_eq!(told[0], "1 person must agree, and ada, who asked for it, does not count");
        assert!(told[1].starts_with("2 people must agree"));
    }
}
