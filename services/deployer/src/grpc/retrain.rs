//! `Retrain`: the job that makes the model of what is live runs, and what it makes is committed. `RestoreModel`: the model
//! of an earlier release is committed again, without its code.

use super::executions::show;
use super::name::{self, Place};
use super::read::database;
use super::run_job::{live, refuse};
use crate::app::App;
use crate::commit::{Files, Unsent, send};
use crate::db::errand;
use crate::db::list::{self, Seen, Wanted};
use crate::db::release::{self, Release};
use crate::job::Kind;
use crate::retrain::{Origin, choose, order};
use events::{JobName, PrincipalName, RunId};
use proto::v1::{
    CommitFilesResponse, CommitHead, Committed, RestoreModelRequest, RestoreModelResponse,
    RetrainRequest, RetrainResponse,
};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use tonic::{Request, Status};

/// What is longer belongs into a document.
const LONGEST_REASON: usize = 1000;

/// Writes that it is due; whoever carries errands out takes it up.
pub(super) async fn run(
    app: &App,
    request: Request<RetrainRequest>,
) -> Result<RetrainResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let place = name::environment("parent", &request.parent)?;
    principal.require(Role::Deployer, Some(&place.0), Some(&place.1))?;
    if request.reason.len() > LONGEST_REASON {
        return Err(status::invalid("reason", format!("at most {LONGEST_REASON} bytes")));
    }
    let wanted = Some(request.job.as_str()).filter(|job| !job.is_empty()).map(JobName::parse);
    let wanted = wanted.transpose().map_err(|error| status::invalid("job", error.to_string()))?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before: Option<RetrainResponse> =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let live = live(&mut transaction, &place).await?;
    let job = choose(&live.content.resolved, wanted.as_ref())
        .map_err(|error| status::precondition("NO_RETRAIN_JOB", error.to_string()))?;
    let by = (&principal.name, request.reason.as_str());
    let id = asked(&mut transaction, &place, (&live, &job), by).await?;
    if request.release {
        errand::publish(&mut transaction, id).await.map_err(database)?;
    }
    let wanted = Wanted { id: Some(id), ..Wanted::default() };
    let shown = list::executions(&mut *transaction, &Seen::everything(), &wanted, 1).await;
    let shown = shown.map_err(database)?.into_iter().next().map(show);
    let answer = RetrainResponse { run: shown };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(answer)
}

/// The run that somebody asks for: the one that drift asks for already, or another.
async fn asked(
    connection: &mut PgConnection,
    place: &Place,
    (live, job): (&Release, &JobName),
    (by, why): (&PrincipalName, &str),
) -> Result<RunId, Status> {
    let pair = (&place.0, &place.1);
    let asking = errand::asking(&mut *connection, pair, job).await.map_err(database)?;
    if let Some(id) = asking {
        errand::agree(connection, id, live.id, (by, why)).await.map_err(database)?;
        return Ok(id);
    }
    refuse(&mut *connection, place, (live, job)).await?;
    let origin = Origin { kind: Kind::Manual, by, why };
    order(connection, live, job, origin).await.map_err(database)
}

/// Commits the model of an earlier release. Asked again it finds nothing that differs.
pub(super) async fn restore(
    app: &App,
    request: Request<RestoreModelRequest>,
) -> Result<RestoreModelResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let place = name::environment("parent", &request.parent)?;
    principal.require(Role::Deployer, Some(&place.0), Some(&place.1))?;
    let head = {
        let mut connection = app.pool.acquire().await.map_err(database)?;
        let before: Option<RestoreModelResponse> =
            replay::answered(&mut connection, crate::NAME, &request.request_id, &request).await?;
        if let Some(answer) = before {
            return Ok(answer);
        }
        let pair = (&place.0, &place.1);
        let number = request.number;
        let found = release::by_number(&mut *connection, pair, number).await.map_err(database)?;
        let found = match found {
            Some(id) => release::get(&mut *connection, id).await.map_err(database)?,
            None => None,
        };
        let name = || proto::name::release(&place.0, &place.1, number);
        let found = found.ok_or_else(|| status::not_found("release", name()))?;
        let mut head = restored(&place, &found)?;
        head.by = principal.name.to_string();
        head.time = Some(proto::time::timestamp(app.clock.now()));
        head
    };
    let sent = send(app, &head, &Files::new()).await.map_err(|unsent| match unsent {
        Unsent::Later(why) => status::unavailable("COMMIT_FAILED", why),
        Unsent::Never(failure) => status::precondition(&failure.reason, failure.message),
    })?;
    let CommitFilesResponse { branch, commit, changed, model } = sent;
    let committed = Committed { branch, commit, changed, model, ..Committed::default() };
    let answer = RestoreModelResponse { committed: Some(committed) };
    let mut connection = app.pool.acquire().await.map_err(database)?;
    replay::record(&mut connection, crate::NAME, &request.request_id, &request, &answer).await?;
    Ok(answer)
}

/// What is asked of the builder to have the model of `release` again.
fn restored(place: &Place, release: &Release) -> Result<CommitHead, Status> {
    let Release { number, origin, .. } = release;
    let (Some(commit), Some(model)) = (&origin.commit, &origin.model) else {
        let message =
            format!("release {number} has no model: no job of it commits what its commit has");
        return Err(status::precondition("NO_MODEL", message));
    };
    Ok(CommitHead {
        app: place.0.to_string(),
        environment: place.1.to_string(),
        // Each time it is asked for it may have to be done again.
        run: service::new_id().to_string(),
        git_ref: origin.git_ref.as_ref().map(ToString::to_string).unwrap_or_default(),
        message: format!(
            "chore: restore model {} of release {number}",
            &model[..model.len().min(12)]
        ),
        release_number: *number,
        restored_commit: commit.to_string(),
        ..CommitHead::default()
    })
}
