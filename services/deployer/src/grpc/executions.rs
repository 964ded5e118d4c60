//! Executions of jobs as the API shows them.

use super::read::database;
use crate::app::App;
use crate::db::list::{self, Execution, Seen, Wanted};
use crate::job::Kind;
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, ReleaseId, RunId};
use proto::v1;
use proto::v1::run::State;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;

/// A release rarely has as many.
const MOST_ERRANDS: i64 = 20;

/// The execution with this id.
pub(super) async fn get(app: &App, id: RunId) -> Result<Option<v1::Run>, Status> {
    let wanted = Wanted { id: Some(id), ..Wanted::default() };
    let found = list::executions(&app.pool, &Seen::everything(), &wanted, 1).await;
    Ok(found.map_err(database)?.into_iter().next().map(show))
}

/// The same, if the caller may see it.
pub(super) async fn find(app: &App, principal: &Principal, id: RunId) -> Result<v1::Run, Status> {
    let found =
        get(app, id).await?.ok_or_else(|| status::not_found("run", format!("runs/{id}")))?;
    let invalid = |error: events::InvalidName| status::internal(&error);
    let place = (
        AppName::parse(&found.app).map_err(invalid)?,
        EnvironmentName::parse(&found.environment).map_err(invalid)?,
    );
    principal.require(Role::Viewer, Some(&place.0), Some(&place.1))?;
    Ok(found)
}

/// What ran because of a release, as much as is shown with it.
pub(super) async fn errands(app: &App, release: ReleaseId) -> Result<Vec<v1::Run>, Status> {
    let kinds = [
        Kind::BeforeRelease,
        Kind::FirstRelease,
        Kind::Undo,
        Kind::Verify,
        Kind::VerifyAgain,
        Kind::AfterRelease,
        Kind::OnFailure,
        Kind::OnRollback,
    ];
    let kinds = kinds.map(|kind| kind.as_str().to_owned()).to_vec();
    let wanted = Wanted { release: Some(release), kinds, ..Wanted::default() };
    let found = list::executions(&app.pool, &Seen::everything(), &wanted, MOST_ERRANDS).await;
    Ok(found.map_err(database)?.into_iter().map(show).collect())
}

/// Whether nothing more will come of it.
pub(super) fn is_over(run: &v1::Run) -> bool {
    !matches!(run.state(), State::AwaitingApproval | State::Due | State::Running)
}

pub(super) fn show(row: Execution) -> v1::Run {
    let committed = committed(&row);
    v1::Run {
        name: format!("runs/{}", row.id),
        app: row.app,
        environment: row.environment,
        job: row.job,
        kind: row.kind,
        release_number: row.number,
        by: row.asked_by,
        state: state(&row.state).into(),
        exit_code: row.exit_code,
        reason: row.reason.unwrap_or_default(),
        message: row.message,
        command: row.command,
        create_time: time(Some(row.created_at)),
        start_time: time(row.started_at),
        end_time: time(row.ended_at),
        slot_time: time(row.slot),
        why: row.why,
        committed,
    }
}

/// Where what it made is; nothing while that is not known.
fn committed(row: &Execution) -> Option<v1::Committed> {
    Some(v1::Committed {
        branch: row.branch.clone()?,
        commit: row.commit.clone()?,
        changed: row.changed?,
        model: row.model.clone().unwrap_or_default(),
        metrics: row.metrics.as_ref().map(ToString::to_string).unwrap_or_default(),
        release_url: row.release_url.clone().unwrap_or_default(),
        release_error: row.release_error.clone().unwrap_or_default(),
    })
}

fn time(at: Option<DateTime<Utc>>) -> Option<prost_types::Timestamp> {
    at.map(proto::time::timestamp)
}

fn state(text: &str) -> State {
    match text {
        "awaiting_approval" => State::AwaitingApproval,
        "due" => State::Due,
        "running" => State::Running,
        "succeeded" => State::Succeeded,
        "failed" => State::Failed,
        "stopped" => State::Stopped,
        "skipped" => State::Skipped,
        _ => State::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::RunState;

    #[test]
    fn every_state_of_a_run_is_shown() {
        let all = [RunState::Running, RunState::Succeeded, RunState::Failed, RunState::Stopped];
        for known in all {
            assert_ne!(state(known.as_str()), State::Unspecified, "{known:?}");
        }
    }
}
