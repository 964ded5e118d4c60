//! Who must agree to a release before it begins. Pure.

use crate::content::Origin;
use crate::db::release::Release;
use crate::db::vote::{Kind, Vote};
use ::release::{Failure, State};
use events::PrincipalName;
use manifest::{Approval, Resolved, VoterName};
use std::collections::BTreeSet;

/// Why a release has failed to which too few people could ever agree.
const TOO_FEW_APPROVERS: &str = "TOO_FEW_APPROVERS";

/// How many people must agree.
pub(crate) fn wanted(resolved: &Resolved) -> usize {
    let count = resolved.approval.as_ref().map_or(0, |approval| approval.count);
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// How many agreed: each counts once, in whichever letters they are called.
pub(crate) fn agreed(votes: &[Vote]) -> usize {
    let agreed = votes.iter().filter(|vote| vote.kind == Kind::Approve);
    agreed.map(|vote| vote.voter.as_str().to_ascii_lowercase()).collect::<BTreeSet<_>>().len()
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

/// Who may agree, by name; empty where all who may deploy may.
pub(crate) fn from(resolved: &Resolved) -> &[VoterName] {
    let from = resolved.approval.as_ref().and_then(|approval| approval.from.as_deref());
    from.unwrap_or_default()
}

/// Whether `voter` is one of them.
pub(crate) fn may_agree(resolved: &Resolved, voter: &PrincipalName) -> bool {
    let from = from(resolved);
    from.is_empty() || from.iter().any(|name| name.is(voter.as_str()))
}

/// Why a release of `resolved` from `origin` could never begin: nobody agrees to their own, and too few others may.
pub(crate) fn refused(resolved: &Resolved, origin: &Origin) -> Option<Failure> {
    let approval = resolved.approval.as_ref()?;
    let from = approval.from.as_ref()?;
    let others = from.iter().filter(|name| !is_own(origin, &PrincipalName::new(name.as_str())));
    (others.count() < wanted(resolved)).then(|| {
        let message = format!(
            "{}: name more in `approval.from`, or let somebody else ask for it",
            request(approval, origin)
        );
        Failure::new(TOO_FEW_APPROVERS, message)
    })
}

/// What is asked of people when `release` comes to `state`.
pub(crate) fn asked(release: &Release, state: &State) -> Option<String> {
    let approval = release.content.resolved.approval.as_ref()?;
    matches!(state, State::AwaitingApproval { .. }).then(|| request(approval, &release.origin))
}

fn request(approval: &Approval, origin: &Origin) -> String {
    let not_by = not_by(origin);
    let is_same = not_by == origin.by.as_str();
    let who = if is_same { "who asked for it" } else { "who made it or asked for it" };
    format!("{approval} must agree, and {not_by}, {who}, does not count")
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
            vote("Bo", Kind::Approve),
            vote("bo", Kind::OverrideFreeze),
            vote("eve", Kind::Refuse),
        ];
        assert_eq!(agreed(&votes), 1);
    }

    fn resolved(approval: &str) -> Resolved {
        let text = format!(
            "app: shop\nservices: {{ web: {{ build: . }} }}\n\
             environments: {{ production: {{ track: {{ branch: main }}, approval: {approval} }} }}"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let environment = events::EnvironmentName::parse("production").expect("a name");
        manifest::resolve(&manifest, &manifest, &environment).expect("it resolves")
    }

    #[test]
    fn people_are_told_how_many_are_asked_and_who_may_agree() {
        let told = |approval| request(&resolved(approval).approval.expect("one"), &asked_by("ada"));
        assert_eq!(told("1"), "1 person must agree, and ada, who asked for it, does not count");
        assert!(told("2").starts_with("2 people must agree"));
        assert!(told("{ count: 2, from: [bo, eve] }").starts_with("2 of bo, eve must agree, and"));
    }

    #[test]
    fn where_people_are_named_nobody_else_agrees() {
        let may = |approval, voter| may_agree(&resolved(approval), &PrincipalName::new(voter));
        assert!(may("{ from: [bo, Eve] }", "eve") && !may("{ from: [bo, Eve] }", "mia"));
        assert!(may("1", "mia"));
    }

    #[test]
    fn what_too_few_could_agree_to_is_refused_at_once() {
        let refused = |approval, by| refused(&resolved(approval), &asked_by(by));
        let told = refused("{ count: 2, from: [bo, ada] }", "Ada").expect("only bo is left");
        insta::assert_snapshot!(told, @"TOO_FEW_APPROVERS: 2 of bo, ada must agree, and Ada, who asked for it, does not count: name more in `approval.from`, or let somebody else ask for it");
        assert_eq!(refused("{ count: 2, from: [bo, ada] }", "mia"), None);
        assert_eq!(refused("{ count: 1, from: [bo, ada] }", "ada"), None);
        assert_eq!(refused("{ count: 10 }", "ada"), None, "who may deploy is not known here");
    }
}
