//! `RunJob`: a person, or a program, runs a job of what is live.

use super::executions::show;
use super::name::{self, Place};
use super::read::database;
use crate::app::App;
use crate::db::errand::{self, NewErrand};
use crate::db::list::{self, Seen, Wanted};
use crate::db::release::{self, Release};
use crate::db::{app_removal, environment, run};
use crate::job::Kind;
use events::{JobName, RunId};
use manifest::{JobAt, Text};
use proto::v1::{RunJobRequest, RunJobResponse};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use tonic::{Request, Status};

/// More arguments than this are a file.
const MOST_ARGUMENTS: usize = 100;

/// Writes that it is due; whoever carries errands out takes it up.
pub(super) async fn run(
    app: &App,
    request: Request<RunJobRequest>,
) -> Result<RunJobResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let (place, job) = name::job("name", &request.name)?;
    principal.require(Role::Deployer, Some(&place.0), Some(&place.1))?;
    let arguments = arguments(&request.arguments)?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before: Option<RunJobResponse> =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let live = live(&mut transaction, &place).await?;
    refuse(&mut transaction, &place, (&live, &job)).await?;
    let new = NewErrand {
        id: RunId::new(service::new_id()),
        app: &place.0,
        environment: &place.1,
        release: live.id,
        job: &job,
        kind: Kind::Manual,
        arguments: &arguments,
        slot: None,
        asked_by: &principal.name,
        why: "",
    };
    errand::add(&mut transaction, &new).await.map_err(database)?;
    let wanted = Wanted { id: Some(new.id), ..Wanted::default() };
    let shown = list::executions(&mut *transaction, &Seen::everything(), &wanted, 1).await;
    let shown = shown.map_err(database)?.into_iter().next().map(show);
    let answer = RunJobResponse { run: shown };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(answer)
}

fn arguments(given: &[String]) -> Result<Vec<String>, Status> {
    if given.len() > MOST_ARGUMENTS {
        let message = format!("at most {MOST_ARGUMENTS} arguments");
        return Err(status::invalid("arguments", message));
    }
    let checked = given.iter().map(|argument| Text::parse(argument).map(|text| text.to_string()));
    checked
        .collect::<Result<_, _>>()
        .map_err(|error| status::invalid("arguments", error.to_string()))
}

/// What is live, while nothing of the environment changes.
pub(super) async fn live(connection: &mut PgConnection, place: &Place) -> Result<Release, Status> {
    app_removal::keep_out(&mut *connection, &place.0).await.map_err(database)?;
    let going = app_removal::refusal(&mut *connection, &place.0, None).await.map_err(database)?;
    if going.is_some() {
        let message = format!("app {} is being deleted; try again when it is gone", place.0);
        return Err(status::precondition("APP_GOING", message));
    }
    let pair = (&place.0, &place.1);
    environment::lock(&mut *connection, pair).await.map_err(database)?;
    let live = match release::live(&mut *connection, pair).await.map_err(database)? {
        Some(id) => release::get(&mut *connection, id).await.map_err(database)?,
        None => None,
    };
    live.ok_or_else(|| {
        let message = format!(
            "nothing is live in {}/{}, so that there is no image to run it in; `slipway releases` says why",
            place.0, place.1
        );
        status::precondition("NOTHING_LIVE", message)
    })
}

/// What cannot be run by hand, or not now.
pub(super) async fn refuse(
    connection: &mut PgConnection,
    place: &Place,
    (live, name): (&Release, &JobName),
) -> Result<(), Status> {
    let full = || proto::name::job(&place.0, &place.1, name);
    let jobs = &live.content.resolved.jobs;
    let job = jobs.get(name).ok_or_else(|| status::not_found("job", full()))?;
    if matches!(job.at, JobAt::BeforeRelease | JobAt::FirstRelease | JobAt::Verify) {
        let message = format!(
            "job {name} is `at: {}`: a release runs it, once; `slipway deploy` makes one",
            job.at
        );
        return Err(status::precondition("NOT_BY_HAND", message));
    }
    let pair = (&place.0, &place.1);
    let runs = run::is_open(&mut *connection, pair, name).await.map_err(database)?;
    if runs || errand::is_waiting(connection, pair, name).await.map_err(database)? {
        let message = format!(
            "job {name} runs already, and never twice at a time in an environment; `slipway runs {}` lists its runs",
            place.0
        );
        return Err(status::precondition("JOB_RUNS", message));
    }
    Ok(())
}
