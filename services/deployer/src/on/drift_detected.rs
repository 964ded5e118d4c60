//! `drift.detected` of data, or of how good the model is: it is made anew, or people are asked whether it is to be, as the manifest says.

use crate::app::App;
use crate::db::release::{self, Release};
use crate::db::{app_removal, environment, errand, model, run};
use crate::job::Kind;
use crate::retrain::{Decision, Origin, Situation, answers, choose, decide, on_drift, order};
use bus::Verdict;
use events::payload::{DriftKind, DriftV1, read};
use events::{AppName, Envelope, EnvironmentName, JobName, PrincipalName};
use manifest::Retrain;
use sqlx::PgConnection;
use std::time::Duration;

/// How long people may think about it.
const PATIENCE: Duration = Duration::from_hours(24 * 7);
/// What was committed and did not come back for so long will not.
const ON_ITS_WAY: Duration = Duration::from_hours(24);

/// Why it is not decided.
#[derive(Debug, thiserror::Error)]
#[error("decide what follows of drift in {app}/{environment}")]
struct NotDecided {
    app: AppName,
    environment: EnvironmentName,
    source: sqlx::Error,
}

/// Handles `drift.detected`.
pub(crate) async fn handle(app: &App, envelope: Envelope) -> Verdict {
    let drift: DriftV1 = match read(&envelope) {
        Ok(drift) => drift,
        Err(error) => return error.into(),
    };
    if drift.kind == DriftKind::Runtime {
        return Verdict::Done;
    }
    match respond(app, &envelope, &drift).await {
        Ok(()) => Verdict::Done,
        Err(source) => {
            let DriftV1 { app, environment, .. } = drift;
            Verdict::retry(&NotDecided { app, environment, source })
        }
    }
}

async fn respond(app: &App, envelope: &Envelope, drift: &DriftV1) -> Result<(), sqlx::Error> {
    let place = (&drift.app, &drift.environment);
    let mut transaction = app.pool.begin().await?;
    if !pg::inbox::first_time(&mut transaction, crate::NAME, envelope.id).await? {
        return Ok(());
    }
    app_removal::keep_out(&mut transaction, place.0).await?;
    let going = app_removal::refusal(&mut *transaction, place.0, Some(envelope.at)).await?;
    environment::lock(&mut transaction, place).await?;
    let live = match release::live(&mut *transaction, place).await? {
        Some(id) => release::get(&mut *transaction, id).await?,
        None => None,
    };
    if let Some(live) = live.filter(|_| going.is_none()) {
        answer(&mut transaction, drift, &live).await?;
    }
    transaction.commit().await?;
    app.changed();
    Ok(())
}

async fn answer(
    connection: &mut PgConnection,
    drift: &DriftV1,
    live: &Release,
) -> Result<(), sqlx::Error> {
    let (app, environment) = (&drift.app, &drift.environment);
    let resolved = &live.content.resolved;
    let retrain = on_drift(resolved).filter(|retrain| answers(retrain, drift.kind));
    let Some(retrain) = retrain else { return Ok(()) };
    let job = match choose(resolved, None) {
        Ok(job) => job,
        Err(error) => {
            tracing::warn!(%app, %environment, %error, "nothing makes a model anew");
            return Ok(());
        }
    };
    let now = situation(connection, drift, (live, &job, retrain)).await?;
    let decision = decide(retrain, now);
    tracing::info!(%app, %environment, %job, kind = ?drift.kind, ?decision, "drift is answered");
    let asks = match decision {
        Decision::Nothing(_) => return Ok(()),
        Decision::AskAlso(run) => return errand::ask_also(connection, run, drift.kind).await,
        Decision::Ask(why) => Some(why),
        Decision::Run => None,
    };
    let why = why(drift, asks.flatten());
    let origin = Origin { kind: Kind::Drift, by: &PrincipalName::slipway(), why: &why };
    let id = order(connection, live, &job, origin).await?;
    if asks.is_some() {
        errand::ask(connection, id, (PATIENCE, drift.kind)).await?;
    }
    Ok(())
}

async fn situation(
    connection: &mut PgConnection,
    drift: &DriftV1,
    (live, job, retrain): (&Release, &JobName, &Retrain),
) -> Result<Situation, sqlx::Error> {
    let place = (&drift.app, &drift.environment);
    let runs = run::is_open(&mut *connection, place, job).await?;
    let is_waiting = errand::is_waiting(&mut *connection, place, job).await?;
    let within = retrain.budget.within.duration();
    Ok(Situation {
        is_of_live: drift.release == live.id,
        asked_for: errand::asking(&mut *connection, place, job).await?,
        is_open: runs || is_waiting,
        is_on_its_way: model::is_on_its_way(&mut *connection, place, ON_ITS_WAY).await?,
        is_moving: !release::unfinished(&mut *connection, place).await?.is_empty(),
        ordered: errand::for_drift(&mut *connection, place, within).await?,
    })
}

/// Why it runs or is asked for, for those who read the list of runs.
fn why(drift: &DriftV1, asks: Option<&str>) -> String {
    let asks = asks.map(|asks| format!("; {asks}")).unwrap_or_default();
    if drift.kind == DriftKind::Quality {
        let because: Vec<&str> = drift.findings.iter().map(|it| it.message.as_str()).collect();
        return format!("the model got worse: {}{asks}", because.join("; "));
    }
    let columns = drift.data.iter().flat_map(|data| &data.columns);
    let columns: Vec<&str> = columns.map(|column| column.column.as_str()).collect();
    format!("data drifted: {}{asks}", columns.join(", "))
}
