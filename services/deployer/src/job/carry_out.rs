//! One run from its row to its end. Done again after a crash it goes on where it was: a container that was started is
//! never started again, and what ended is not run twice.

use super::ended::ended;
use super::{Ended, Kind, Order, RunState, Setup, clear, say};
use crate::app::App;
use crate::commit::{self, Kept};
use crate::db::release::Release;
use crate::db::run::{self, NewRun, Run};
use crate::db::setup;
use crate::diagnose;
use crate::docker::{EngineError, Mask};
use crate::member::{self, MemberError};
use crate::perform::Outcome;
use crate::spec::{InstanceSpec, Member};
use ::release::Failure;
use events::{InstanceId, RunId};
use manifest::Job;
use service::fail_point::reach;
use sqlx::PgConnection;
use std::time::Duration;

/// A run with what its container is made from.
struct Described<'a> {
    run: Run,
    job: &'a Job,
    spec: InstanceSpec,
    mask: Mask,
}

/// Carries `order` out; how it ended.
pub(crate) async fn carry_out(app: &App, order: &Order<'_>) -> Result<Run, Outcome> {
    let Order { release, due, errand, .. } = *order;
    let gone = || Outcome::Again(format!("the release has no job {}", due.job));
    let job = release.content.resolved.jobs.get(&due.job).ok_or_else(gone)?;
    let known = match errand {
        Some(errand) => run::get(&app.pool, errand.id).await,
        None => run::latest(&app.pool, release.id, (&due.job, due.kind)).await,
    };
    let run = match known.map_err(again)? {
        // What was undone before may be undone once more, after another attempt.
        Some(run) if due.kind != Kind::Undo || run.state != RunState::Succeeded => run,
        Some(_) | None => begin(app, order, job).await?,
    };
    if run.state != RunState::Running {
        return Ok(run);
    }
    let run = describe(app, order, run, job).await?;
    cut(due.kind, "before_effect").await?;
    let ended = match launch(app, &run).await? {
        Ok(container) => {
            let ended = watch(app, &run, &container).await?;
            committed(app, order, (&run, &container), ended).await?
        }
        Err(ended) => ended,
    };
    record(app, order, &run.run, &ended).await?;
    cut(due.kind, "recorded").await?;
    let id = run.run.id;
    clear::clear_one(app, &run.run).await;
    let run = run::get(&app.pool, id).await.map_err(again)?;
    run.ok_or_else(|| Outcome::Again(format!("run {id} vanished")))
}

/// Where a test can make the run of a job fail.
async fn cut(kind: Kind, place: &str) -> Result<(), Outcome> {
    let point = || format!("deployer.{}.{place}", kind.as_str());
    reach(point).await.map_err(|injected| Outcome::again(&injected))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn again(error: sqlx::Error) -> Outcome {
    Outcome::again(&error)
}

/// The row of a new run. Nobody else runs the job meanwhile.
async fn begin(app: &App, order: &Order<'_>, job: &Job) -> Result<Run, Outcome> {
    let Order { release, due, errand, .. } = *order;
    let id = errand.map_or_else(|| RunId::new(service::new_id()), |errand| errand.id);
    let described = describe_new(app, order, id, job).await?;
    let command = described.entrypoint.clone().unwrap_or_default();
    let new = NewRun {
        id,
        app: &release.app,
        environment: &release.environment,
        release: release.id,
        job: &due.job,
        kind: due.kind,
        service: &job.service,
        command: &command,
        asked_by: order.asked_by(),
        container_name: &described.container_name(),
        irreversible: job.irreversible,
    };
    let mut transaction = app.pool.begin().await.map_err(again)?;
    order.fence(&mut transaction).await.map_err(again)?;
    if !run::begin(&mut transaction, &new).await.map_err(again)? {
        return Err(Outcome::Again(format!("job {} runs already, for somebody else", due.job)));
    }
    if due.kind == Kind::FirstRelease {
        let place = (&release.app, &release.environment);
        let state = (Setup::Running, release.id);
        setup::set(&mut transaction, place, &due.job, state).await.map_err(again)?;
    }
    say::started(app, &mut transaction, order, id).await.map_err(again)?;
    transaction.commit().await.map_err(again)?;
    app.changed();
    tracing::info!(release.id = %release.id, run.id = %id, job = %due.job, kind = due.kind.as_str(), "a job begins");
    let run = run::get(&app.pool, id).await.map_err(again)?;
    run.ok_or_else(|| Outcome::Again(format!("run {id} vanished")))
}

async fn describe<'a>(
    app: &App,
    order: &Order<'_>,
    run: Run,
    job: &'a Job,
) -> Result<Described<'a>, Outcome> {
    let spec = describe_new(app, order, run.id, job).await?;
    let mask = Mask::new(spec.secret_values());
    Ok(Described { run, job, spec, mask })
}

async fn describe_new(
    app: &App,
    order: &Order<'_>,
    id: RunId,
    job: &Job,
) -> Result<InstanceSpec, Outcome> {
    let Order { release, due, variables, .. } = *order;
    let described = async {
        let secrets = member::secrets(app, release).await?;
        let uid = InstanceId::new(id.uuid());
        let member = Member { uid, release: release.id, number: release.number, replica: 0 };
        member::spec_of(app, release, &job.service, member, &secrets)
    };
    let spec = described.await.map_err(|error: MemberError| match error.failure() {
        Some(failure) => Outcome::failed(failure),
        None => Outcome::again(&error),
    })?;
    let command = if due.kind == Kind::Undo { job.undo.as_ref() } else { Some(&job.command) };
    let command = command.into_iter().flatten().map(ToString::to_string);
    let command = command.chain(order.arguments().iter().cloned()).collect();
    let own = job.env.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let env = variables.iter().cloned().chain(own);
    Ok(spec.into_job(due.job.clone(), command, env))
}

/// The container of the run, started once; or how the run ended without one.
async fn launch(app: &App, run: &Described<'_>) -> Result<Result<String, Ended>, Outcome> {
    let Described { run, job, spec, mask } = run;
    let uid = InstanceId::new(run.id.uuid());
    let away = |error: &(dyn std::error::Error + 'static)| Outcome::again(error);
    if run.started_at.is_some() {
        let own = app.engine.find_own(&run.container_name, uid).await.map_err(|it| away(&it))?;
        return Ok(own.ok_or_else(|| ended(&run.job, None, job.timeout)));
    }
    let mut made = None;
    let started = async {
        let container = match started_before(app, run).await? {
            Some(container) => container,
            None => app.engine.create_or_adopt(spec).await?.container_id,
        };
        made = Some(container.clone());
        if app.engine.inspect(&container).await?.started_at.is_none() {
            app.engine.start(&container).await?;
        }
        Ok::<_, EngineError>((app.engine.inspect(&container).await?, container))
    };
    let (facts, container) = match started.await {
        Ok(started) => started,
        Err(error) if error.is_away() => return Err(away(&error)),
        Err(error) => {
            let failure =
                diagnose::start(&app.engine, &run.service, made.as_deref(), &error, mask).await;
            return Ok(Err(Ended::badly(Failure { service: None, ..failure })));
        }
    };
    let at = facts.started_at.unwrap_or_else(|| app.clock.now());
    let mut connection = app.pool.acquire().await.map_err(again)?;
    run::started(&mut connection, run.id, (&container, at)).await.map_err(again)?;
    cut(run.kind, "started").await?;
    Ok(Ok(container))
}

/// The container that an earlier attempt started and did not write down: whatever it would be told now, it is not made anew.
async fn started_before(app: &App, run: &Run) -> Result<Option<String>, EngineError> {
    let uid = InstanceId::new(run.id.uuid());
    let Some(own) = app.engine.find_own(&run.container_name, uid).await? else { return Ok(None) };
    Ok(app.engine.inspect(&own).await?.started_at.map(|_| own))
}

/// Waits for the end of the run, or ends it when its time is over.
async fn watch(app: &App, run: &Described<'_>, container: &str) -> Result<Ended, Outcome> {
    let Described { run, job, spec, mask } = run;
    let facts = app.engine.find(container).await.map_err(|error| Outcome::again(&error))?;
    let began = facts.and_then(|facts| facts.started_at).unwrap_or_else(|| app.clock.now());
    let ran = (app.clock.now() - began).to_std().unwrap_or_default();
    let left = job.timeout.duration().saturating_sub(ran);
    let over = app.engine.until(container, |facts| facts.finished_at.is_some() && !facts.running);
    if tokio::time::timeout(left.max(LEAST), over).await.is_err() {
        let stopped = app.engine.stop(container, spec.stop_grace).await;
        stopped.map_err(|error| Outcome::again(&error))?;
    }
    cut(run.kind, "effect_done").await?;
    let facts = app.engine.find(container).await.map_err(|error| Outcome::again(&error))?;
    let log_lines = diagnose::log_lines(&app.engine, container, mask).await;
    Ok(Ended { log_lines, ..ended(&run.job, facts.as_ref(), job.timeout) })
}

/// What follows for a run that ended well and commits: how it ended by that.
async fn committed(
    app: &App,
    order: &Order<'_>,
    (run, container): (&Described<'_>, &str),
    ended: Ended,
) -> Result<Ended, Outcome> {
    let Described { run, job, .. } = run;
    match &job.commit {
        Some(commit) if ended.state == RunState::Succeeded => {
            let kept = Kept { run, job, commit, container };
            Box::pin(commit::commit(app, order, (kept, ended))).await
        }
        Some(_) | None => Ok(ended),
    }
}

/// One look at a container whose time was over while nobody looked.
const LEAST: Duration = Duration::from_millis(200);

/// How it ended, and how far the environment is by that.
async fn record(app: &App, order: &Order<'_>, run: &Run, ended: &Ended) -> Result<(), Outcome> {
    let release = order.release;
    let mut transaction = app.pool.begin().await.map_err(again)?;
    order.fence(&mut transaction).await.map_err(again)?;
    end(app, &mut transaction, release, (run, ended)).await.map_err(again)?;
    transaction.commit().await.map_err(again)?;
    app.changed();
    tracing::info!(release.id = %release.id, run.id = %run.id, job = %run.job, run.state = ended.state.as_str(), reason = ended.reason, "a job ended");
    Ok(())
}

/// Writes the end of a run, in the caller's transaction.
pub(super) async fn end(
    app: &App,
    connection: &mut PgConnection,
    release: &Release,
    (run, ended): (&Run, &Ended),
) -> Result<(), sqlx::Error> {
    run::end(&mut *connection, run.id, ended).await?;
    say::finished(app, &mut *connection, release, (run, ended)).await?;
    let place = (&release.app, &release.environment);
    let state = match (run.kind, ended.state == RunState::Succeeded) {
        (
            Kind::BeforeRelease
            | Kind::Verify
            | Kind::VerifyAgain
            | Kind::AfterRelease
            | Kind::OnFailure
            | Kind::OnRollback
            | Kind::Manual
            | Kind::Schedule
            | Kind::Drift,
            _,
        ) => return Ok(()),
        (Kind::Undo, true) => return setup::undone(connection, place, &run.job).await,
        (Kind::Undo, false) => Setup::UndoFailed,
        (Kind::FirstRelease, true) => Setup::Done,
        (Kind::FirstRelease, false) => Setup::Failed,
    };
    setup::set(connection, place, &run.job, (state, release.id)).await
}
