//! The one place where a release changes: the row with its version, the log, the announcement and what
//! follows for its neighbours commit together, or not at all.

use crate::app::App;
use crate::approval;
use crate::db::claim::Lease;
use crate::db::release::{Release, interval};
use crate::db::{environment, log, release, route_claim};
use crate::promotion::call_off;
use crate::{ci, errand, timetable};
use ::release::{Input, Refused, State, Transition, step};
use events::payload::ReleaseV1;
use events::{AppName, EnvironmentName, EventId, EventType};
use sqlx::PgConnection;
use sqlx::types::Json;

/// Why a release did not change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransitionError {
    /// The machine does not react.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Another driver has the release, or it changed meanwhile: read it again.
    #[error("release changed meanwhile")]
    Lost,
    /// Another release of the environment moves or is live.
    #[error("another release of the environment is in the way")]
    Busy,
    /// The app is being deleted.
    #[error("app {0} is being deleted")]
    Going(AppName),
    /// The event could not be written.
    #[error("write the event")]
    Event(#[from] serde_json::Error),
    /// The database did not take it.
    #[error("write the transition")]
    Write(#[from] sqlx::Error),
}

/// Applies `input` to `release` and returns what it became. The driver's `lease` fences the write.
pub(crate) async fn apply(
    app: &App,
    lease: Option<Lease>,
    release: &Release,
    input: Input,
) -> Result<State, TransitionError> {
    let mut transaction = app.pool.begin().await?;
    let next = apply_in(app, &mut transaction, lease, release, input).await?;
    transaction.commit().await?;
    recorded(&release.state).await?;
    app.changed();
    Ok(next)
}

/// The step that `before` was in is recorded and not said yet.
pub(crate) async fn recorded(before: &State) -> Result<(), TransitionError> {
    let point = || format!("deployer.{}.recorded", before.step());
    service::fail_point::reach(point)
        .await
        .map_err(|injected| TransitionError::Write(injected.into()))
}

/// The same in the caller's transaction; the caller tells the app afterwards.
pub(crate) async fn apply_in(
    app: &App,
    connection: &mut PgConnection,
    lease: Option<Lease>,
    release: &Release,
    input: Input,
) -> Result<State, TransitionError> {
    let transition = step(&release.plan, &release.state, input.clone())?;
    let place = (&release.app, &release.environment);
    environment::lock(connection, place).await?;
    if transition.next == State::Live {
        retire_live(app, connection, release).await?;
    }
    write(app, connection, lease, release, &input, &transition).await?;
    if let State::RolledBack { failure } = &transition.next
        && failure.is_of_the_release()
    {
        release::set_pinned(connection, place, &release.content_hash, true).await?;
    }
    if release.state.is_moving() && !transition.next.is_moving() {
        give_back_routes(connection, place).await?;
    }
    if !transition.next.is_moving() {
        release::wake_waiting(connection, place).await?;
    }
    Ok(transition.next)
}

/// Nothing moves here any more: only what is live keeps its routes from others.
async fn give_back_routes(
    connection: &mut PgConnection,
    place: (&AppName, &EnvironmentName),
) -> Result<(), sqlx::Error> {
    let live = match release::live(&mut *connection, place).await? {
        Some(live) => release::get(&mut *connection, live).await?,
        None => None,
    };
    let kept = live.as_ref().map(|live| &live.content.resolved);
    route_claim::release(connection, place, kept).await
}

/// The release that was live is kept to go back to.
async fn retire_live(
    app: &App,
    connection: &mut PgConnection,
    successor: &Release,
) -> Result<(), TransitionError> {
    let place = (&successor.app, &successor.environment);
    let Some(id) = release::live(&mut *connection, place).await? else { return Ok(()) };
    let Some(live) = release::get(&mut *connection, id).await? else { return Ok(()) };
    let transition = step(&live.plan, &live.state, Input::Replaced)?;
    write(app, connection, None, &live, &Input::Replaced, &transition).await?;
    if successor.restores.is_some() {
        let left_behind = errand::left_behind(&live.content.resolved);
        errand::make_due(connection, &live, left_behind).await?;
        call_off(connection, &live, successor).await?;
    }
    Ok(())
}

async fn write(
    app: &App,
    connection: &mut PgConnection,
    lease: Option<Lease>,
    release: &Release,
    input: &Input,
    transition: &Transition,
) -> Result<(), TransitionError> {
    let next = &transition.next;
    let done = sqlx::query!(
        "update deployer.release
         set state = $3, version = version + 1, entered_at = clock_timestamp(),
             deadline_at = clock_timestamp() + make_interval(secs => $4),
             ended_at = case when $5 then coalesce(ended_at, clock_timestamp()) end,
             wake_at = case when $7 then clock_timestamp() end,
             promote_at = case when $8 then clock_timestamp() end
         where id = $1 and version = $2 and ($6::bigint is null or lease_epoch = $6)",
        release.id.uuid(),
        release.version,
        Json(next) as _,
        release.plan.limit(next).map(interval),
        next.is_settled(),
        lease.map(|lease| lease.epoch),
        // An end is looked at once more, for what follows it; what is only a record is not.
        !matches!(next, State::Retained | State::Collected),
        *next == State::Live && release.restores.is_none() && release.origin.build.is_some(),
    )
    .execute(&mut *connection)
    .await
    .map_err(refused_by_constraint)?;
    if done.rows_affected() == 0 {
        return Err(TransitionError::Lost);
    }
    log::append(connection, release.id, release.version + 1, (input, next)).await?;
    let (resolved, restores) = (&release.content.resolved, release.restores.is_some());
    let due = errand::by_release(resolved, restores, (&release.state, next));
    errand::make_due(connection, release, due).await?;
    if *next == State::Live {
        timetable::keep(connection, release).await?;
    }
    announce(app, connection, release, next, transition.announce).await
}

fn refused_by_constraint(error: sqlx::Error) -> TransitionError {
    match pg::error::constraint(&error) {
        Some("release_one_live" | "release_one_moving") => TransitionError::Busy,
        _ => error.into(),
    }
}

/// Says what became of a release, in the transaction that made it so.
pub(crate) async fn announce(
    app: &App,
    connection: &mut PgConnection,
    release: &Release,
    state: &State,
    event_type: EventType,
) -> Result<(), TransitionError> {
    let payload = ReleaseV1 {
        release: release.id,
        app: release.app.clone(),
        environment: release.environment.clone(),
        number: release.number,
        state: state.name().to_owned(),
        version: release.version + 1,
        stable: release.stable,
        reason: state.failure().map(|failure| failure.reason.clone()),
        message: match state.failure() {
            Some(failure) => Some(failure.message.clone()),
            None => approval::asked(release, state).or_else(|| ci::told(release, state)),
        },
    };
    let identity = (EventId::new(service::new_id()), app.clock.now());
    let mut envelope = bus::envelope(crate::NAME, event_type, &release.app, &payload, identity)?;
    envelope.traceparent = release.traceparent.clone().or(envelope.traceparent);
    pg::outbox::enqueue(connection, crate::NAME, &envelope).await?;
    Ok(())
}
