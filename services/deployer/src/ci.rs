//! Whether a release may go on to what comes after CI: a fact that the gateway looks up at the forge, asked for again
//! and again while a release waits. Nothing of it is kept: the forge has it.

use crate::app::App;
use crate::content::Origin;
use crate::db::claim::Lease;
use crate::db::release::Release;
use crate::drive::DriveError;
use crate::transition::apply;
use ::release::{Failure, Input, State};
use events::{CommitSha, PrincipalName};
use manifest::{Required, Resolved};
use proto::v1::get_ci_response::State as Ci;
use proto::v1::{GetCiRequest, GetCiResponse};
use service::fail_point::reach;
use std::time::Duration;

/// Pause between two looks; the gateway asks the forge less often, unless that says that something changed.
const LOOK: Duration = Duration::from_secs(2);
/// What makes a release of a commit that nobody asked for by hand.
const UNASKED: [&str; 4] = ["push", "tag", "poll", "retrain"];

/// Whether a release of `resolved` from `origin` waits for CI. What a person asked for does not, nor what goes back.
pub(crate) fn is_waited_for(resolved: &Resolved, origin: &Origin) -> bool {
    let by_itself = origin.cause == "promotion" && origin.by == PrincipalName::slipway();
    resolved.wait_for_ci.is_some()
        && origin.commit.is_some()
        && (by_itself || UNASKED.contains(&origin.cause.as_str()))
}

/// What people are told when `release` comes to `state`.
pub(crate) fn told(release: &Release, state: &State) -> Option<String> {
    let wait = release.content.resolved.wait_for_ci.as_ref()?;
    matches!(state, State::AwaitingCi { .. })
        .then(|| format!("{} must be green within {}", wait.required, wait.within))
}

/// Lets a release that waits for CI go on, or end, once that is known or its time is over; else how long to wait for
/// the next look.
pub(crate) async fn look(
    app: &App,
    (lease, is_late): (Lease, bool),
    release: &Release,
) -> Result<Option<Duration>, DriveError> {
    reach(|| "deployer.awaiting_ci.before_effect".to_owned()).await.map_err(sqlx::Error::from)?;
    let (state, message) = match ask(app, release).await {
        Ok(answer) => (answer.state(), answer.message),
        Err(status) => {
            tracing::warn!(release.id = %release.id, code = %status.code(), "CI cannot be asked for");
            (Ci::Pending, "the gateway does not answer".to_owned())
        }
    };
    let Some(input) = input(state, message, is_late) else { return Ok(Some(LOOK)) };
    reach(|| "deployer.awaiting_ci.effect_done".to_owned()).await.map_err(sqlx::Error::from)?;
    apply(app, Some(lease), release, input).await?;
    Ok(None)
}

/// What follows from what CI is, if anything.
fn input(state: Ci, message: String, is_late: bool) -> Option<Input> {
    let failed =
        |reason: &str, message| Some(Input::Failed { failure: Failure::new(reason, message) });
    match state {
        Ci::Green => Some(Input::Done { detail: message }),
        Ci::Red => failed("CI_FAILED", message),
        Ci::Unknown => failed("CI_UNKNOWN", message),
        Ci::Pending | Ci::Unspecified => is_late.then_some(Input::DeadlinePassed { last: message }),
    }
}

async fn ask(app: &App, release: &Release) -> Result<GetCiResponse, tonic::Status> {
    let wait = release.content.resolved.wait_for_ci.as_ref();
    let required = match wait.map(|wait| &wait.required) {
        Some(Required::Named(names)) => names.iter().map(ToString::to_string).collect(),
        Some(Required::Every) | None => Vec::new(),
    };
    let request = app.internal.request(GetCiRequest {
        parent: proto::name::app(&release.app),
        commit: release.origin.commit.as_ref().map(CommitSha::to_string).unwrap_or_default(),
        required,
    });
    Ok(app.gateway.clone().get_ci(request).await?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::EnvironmentName;

    fn waits(cause: &str, commit: bool, wait: &str) -> bool {
        waits_by("ada", cause, commit, wait)
    }

    fn waits_by(by: &str, cause: &str, commit: bool, wait: &str) -> bool {
        let text = format!(
            "app: shop\nservices: {{ web: {{ build: . }} }}\n\
             environments: {{ production: {{ track: {{ branch: main }}{wait} }} }}"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let environment = EnvironmentName::parse("production").expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("it resolves");
        let commit = commit.then(|| CommitSha::parse(&"a".repeat(40)).expect("a commit"));
        let origin = Origin {
            cause: cause.to_owned(),
            by: PrincipalName::new(by),
            author: None,
            commit,
            git_ref: None,
            build: None,
            change: None,
            reason: None,
            model: None,
        };
        is_waited_for(&resolved, &origin)
    }

    #[test]
    fn what_was_pushed_waits_and_what_a_person_asked_for_does_not() {
        let asked = ", wait_for_ci: true";
        for cause in UNASKED {
            assert!(waits(cause, true, asked), "{cause}");
        }
        assert!(!waits("manual", true, asked) && !waits("rollback", true, asked));
        assert!(!waits("push", false, asked) && !waits("push", true, ""));
        assert!(waits_by("slipway", "promotion", true, asked) && !waits("promotion", true, asked));
    }

    #[test]
    fn only_what_is_known_ends_the_wait() {
        let input = |state, is_late| {
            input(state, "unit".to_owned(), is_late).map(|input| input.name()).unwrap_or_default()
        };
        assert_eq!((input(Ci::Pending, false), input(Ci::Pending, true)), ("", "deadline_passed"));
        assert_eq!((input(Ci::Green, true), input(Ci::Red, false)), ("done", "failed"));
        assert_eq!(input(Ci::Unknown, false), "failed");
    }
}
