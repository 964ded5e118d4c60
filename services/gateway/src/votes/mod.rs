//! Pages on which who has a signed link decides on one release that waits for people. Looking changes nothing: a program
//! that opens links before people do must not decide.

mod link;
mod page;

pub(crate) use link::Link;
pub use link::{InvalidUrl, PublicUrl};

use crate::app::App;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::response::Response;
use axum::routing::get;
use events::PrincipalName;
use http::StatusCode;
use link::InvalidLink;
use proto::v1::{ApproveReleaseRequest, GetReleaseRequest, RefuseReleaseRequest, Release, release};
use serde::Deserialize;
use service::principal::{Grant, Principal, Role};
use tonic::{Code, Status};

/// Bytes of an answer to the page: a reason of one line.
const LARGEST: usize = 8 << 10;

/// What was pressed, and why.
#[derive(Debug, Deserialize)]
struct Decision {
    decision: Vote,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Vote {
    Approve,
    Refuse,
}

/// The routes of the pages.
pub(crate) fn router(app: App) -> Router {
    let page = get(ask).post(decide).layer(DefaultBodyLimit::max(LARGEST));
    Router::new().route("/votes/{link}", page).with_state(app)
}

async fn ask(State(app): State<App>, Path(text): Path<String>) -> Response {
    let link = match Link::read(&text, &app.key, app.clock.now()) {
        Ok(link) => link,
        Err(invalid) => return refused(invalid),
    };
    match release(&app, &link).await {
        Ok(release) if release.state() == release::State::AwaitingApproval => {
            page::ask(&link, &release)
        }
        Ok(_) => page::told(StatusCode::OK, &link.title(), "It does not wait for people any more."),
        Err(status) => failed(&link, &status),
    }
}

async fn decide(
    State(app): State<App>,
    Path(text): Path<String>,
    Form(Decision { decision, reason }): Form<Decision>,
) -> Response {
    let link = match Link::read(&text, &app.key, app.clock.now()) {
        Ok(link) => link,
        Err(invalid) => return refused(invalid),
    };
    let decided = match decision {
        Vote::Approve => approve(&app, &link, reason).await,
        Vote::Refuse => refuse(&app, &link, reason).await,
    };
    match decided {
        Ok(()) => {
            tracing::info!(release.id = %link.release, voter = link.voter, ?decision, "decided by a link");
            page::told(StatusCode::OK, &link.title(), decision.said())
        }
        Err(status) => failed(&link, &status),
    }
}

impl Vote {
    fn said(self) -> &'static str {
        match self {
            Self::Approve => "You agreed to it.",
            Self::Refuse => "You refused it; it ends.",
        }
    }
}

async fn release(app: &App, link: &Link) -> Result<Release, Status> {
    let name = format!("releases/{}", link.release);
    let request = app.internal.request_of(&holder(link), GetReleaseRequest { name });
    let answer = app.releases.clone().get_release(request).await?;
    Ok(answer.into_inner().release.unwrap_or_default())
}

async fn approve(app: &App, link: &Link, reason: String) -> Result<(), Status> {
    let request = ApproveReleaseRequest {
        name: format!("releases/{}", link.release),
        reason,
        override_freeze: false,
        request_id: service::new_id().to_string(),
    };
    let request = app.internal.request_of(&holder(link), request);
    app.releases.clone().approve_release(request).await.map(drop)
}

async fn refuse(app: &App, link: &Link, reason: String) -> Result<(), Status> {
    let request = RefuseReleaseRequest {
        name: format!("releases/{}", link.release),
        reason,
        request_id: service::new_id().to_string(),
    };
    let request = app.internal.request_of(&holder(link), request);
    app.releases.clone().refuse_release(request).await.map(drop)
}

/// Who decides: whoever the message was for, and no more than what it was about.
fn holder(link: &Link) -> Principal {
    let (app, environment) = (Some(link.app.clone()), Some(link.environment.clone()));
    let grants = vec![Grant { role: Role::Deployer, app, environment }];
    Principal { name: PrincipalName::new(&link.voter), grants }
}

fn refused(invalid: InvalidLink) -> Response {
    let (status, said) = match invalid {
        InvalidLink::Forged => {
            (StatusCode::NOT_FOUND, "This link is not one of Slipway, or not whole.")
        }
        InvalidLink::Over => (StatusCode::GONE, "The time to decide is over."),
    };
    page::told(status, "Slipway", said)
}

fn failed(link: &Link, status: &Status) -> Response {
    let is_away = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
    let code = if is_away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::CONFLICT };
    page::told(code, &link.title(), status.message())
}
