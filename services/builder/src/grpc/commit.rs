//! `CommitFiles`: what a run of a job made goes to the branch of its environment.

use crate::app::App;
use crate::commit::receive::Received;
use crate::commit::{self, Wanted};
use crate::failure::{Failure, Reason, Stop};
use events::{AppName, CommitSha, EnvironmentName, GitRef, PrincipalName, RunId};
use proto::v1::commit_files_request::Part;
use proto::v1::{CommitFilesRequest, CommitFilesResponse, CommitHead};
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

pub(super) async fn run(
    app: &App,
    request: Request<Streaming<CommitFilesRequest>>,
) -> Result<CommitFilesResponse, Status> {
    Principal::of(&request)?.require(Role::Admin, None, None)?;
    let mut parts = request.into_inner();
    let Some(CommitFilesRequest { part: Some(Part::Head(head)) }) = parts.message().await? else {
        return Err(status::invalid("head", "comes first"));
    };
    let wanted = parse(head)?;
    let home = app.config.data.join("builder");
    let received = Received::take(&mut parts, &home).await?;
    let done = commit::commit(app, &wanted, &received).await.map_err(refusal)?;
    tracing::info!(slipway.app = %wanted.app, run.id = %wanted.run, branch = %done.branch,
        commit = %done.commit, changed = done.changed, "files of a run are on their branch");
    Ok(CommitFilesResponse {
        branch: done.branch.name().to_owned(),
        commit: done.commit.to_string(),
        changed: done.changed,
        model: done.model.unwrap_or_default(),
    })
}

fn parse(head: CommitHead) -> Result<Wanted, Status> {
    fn wrong<E: std::fmt::Display>(field: &'static str) -> impl Fn(E) -> Status {
        move |error| status::invalid(field, error.to_string())
    }
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let git_ref = some(head.git_ref).map(|text| GitRef::parse(&text)).transpose();
    let restored = some(head.restored_commit).map(|text| CommitSha::parse(&text)).transpose();
    let time = head.time.as_ref().and_then(proto::time::from_timestamp);
    Ok(Wanted {
        app: AppName::parse(&head.app).map_err(wrong("head.app"))?,
        environment: EnvironmentName::parse(&head.environment)
            .map_err(wrong("head.environment"))?,
        run: RunId::new(Uuid::parse_str(&head.run).map_err(wrong("head.run"))?),
        git_ref: git_ref.map_err(wrong("head.git_ref"))?,
        message: head.message,
        by: PrincipalName::new(&head.by),
        release_number: head.release_number,
        time: time.ok_or_else(|| status::invalid("head.time", "must be given"))?,
        restored: restored.map_err(wrong("head.restored_commit"))?,
    })
}

/// What can be tried again is `UNAVAILABLE`; the rest will never do.
fn refusal(stop: Stop) -> Status {
    match stop {
        Stop::Blocked(Failure { reason, message, .. }) => {
            status::unavailable(reason.as_str(), message)
        }
        Stop::Failed(Failure { reason, message, .. })
        | Stop::Cancelled(Failure { reason, message, .. })
        | Stop::Skipped(Failure { reason, message, .. }) => {
            status::precondition(reason.as_str(), message)
        }
        Stop::Lost => status::precondition(Reason::CommitFailed.as_str(), "it was interrupted"),
    }
}
