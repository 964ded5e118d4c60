//! What follows when a job that commits ended well: what it measured is judged, its files are taken out of its container
//! and given to the builder. Done again after a crash it comes to the same: the builder finds the commit of a run.

mod judge;
mod places;
mod publish;
mod send;
mod stream;
mod take;

pub(crate) use send::send;
pub(crate) use stream::Unsent;
pub(crate) use take::Files;

use crate::app::App;
use crate::db::model;
use crate::db::release::{self, Release};
use crate::db::run::Run;
use crate::docker::Packed;
use crate::job::{Ended, Order};
use crate::perform::Outcome;
use ::release::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use manifest::{Commit, Job, Metrics};
use proto::v1::{CommitFilesResponse, CommitHead};
use serde_json::Value;
use service::fail_point::reach;
use std::io::Read as _;
use std::time::Duration;

/// A file of metrics is not larger; with what an archive adds.
const MOST_METRICS: u64 = 1024 * 1024;
/// What could not be committed for so long is given up: people have changed the branch meanwhile.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// Pauses between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// A run that ended well, whose files are to be committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub(crate) run: &'a Run,
    pub(crate) job: &'a Job,
    pub(crate) commit: &'a Commit,
    pub(crate) container: &'a str,
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn again(error: sqlx::Error) -> Outcome {
    Outcome::again(&error)
}

/// Commits what the run made; how the run ended by that.
pub(crate) async fn commit(
    app: &App,
    order: &Order<'_>,
    (kept, ended): (Kept<'_>, Ended),
) -> Result<Ended, Outcome> {
    let known = model::is_committed(&app.pool, kept.run.id).await.map_err(again)?;
    if known != Some(true)
        && let Err(failure) = attempt(app, order, kept, known.is_some()).await?
    {
        let Ended { exit_code, log_lines, .. } = ended;
        return Ok(Ended { exit_code, log_lines, ..Ended::badly(*failure) });
    }
    publish::publish(app, order, kept).await?;
    Ok(ended)
}

/// The files of the run, as they lie in its container.
async fn taken(app: &App, order: &Order<'_>, kept: Kept<'_>) -> Done<Files> {
    let service = order.release.content.resolved.services.get(&kept.job.service);
    let context = service.map(|service| service.source.context()).unwrap_or_default();
    match take::take(app, kept.container, (kept.commit, &context)).await {
        Ok(files) => Ok(Ok(files)),
        Err(take::TakeError::Refused(failure)) => Ok(Err(failure)),
        Err(error @ (take::TakeError::Engine(_) | take::TakeError::Archive(_))) => {
            Err(Outcome::again(&error))
        }
    }
}

type Done<T> = Result<Result<T, Box<Failure>>, Outcome>;

/// What was judged before is not judged again: it may be on its branch already.
async fn attempt(app: &App, order: &Order<'_>, kept: Kept<'_>, is_judged: bool) -> Done<()> {
    let metrics = match kept.commit.metrics.as_ref().filter(|_| !is_judged) {
        None => None,
        Some(wanted) => match measured(app, order.release, (kept, wanted)).await? {
            Ok(metrics) => Some(metrics),
            Err(failure) => return Ok(Err(failure)),
        },
    };
    let files = match taken(app, order, kept).await? {
        Ok(files) => files,
        Err(failure) => return Ok(Err(failure)),
    };
    if !is_judged {
        begin(app, order, kept, metrics.as_ref()).await?;
    }
    reach(|| "deployer.commit.begun".to_owned()).await.map_err(|it| Outcome::again(&it))?;
    let at = ended_at(app, kept).await?;
    let answer = match until_sent(app, &head(order, kept, at), (&files, at)).await {
        Ok(answer) => answer,
        Err(failure) => return Ok(Err(Box::new(failure))),
    };
    reach(|| "deployer.commit.sent".to_owned()).await.map_err(|it| Outcome::again(&it))?;
    let mut transaction = app.pool.begin().await.map_err(again)?;
    order.fence(&mut transaction).await.map_err(again)?;
    model::committed(&mut transaction, kept.run.id, &answer).await.map_err(again)?;
    transaction.commit().await.map_err(again)?;
    let CommitFilesResponse { branch, commit, changed, .. } = answer;
    tracing::info!(run.id = %kept.run.id, branch, commit, changed, "what a job made is on its branch");
    Ok(Ok(()))
}

/// Before anything can be pushed it is known that this run commits.
async fn begin(
    app: &App,
    order: &Order<'_>,
    kept: Kept<'_>,
    metrics: Option<&Value>,
) -> Result<(), Outcome> {
    let place = (&order.release.app, &order.release.environment);
    let mut transaction = app.pool.begin().await.map_err(again)?;
    order.fence(&mut transaction).await.map_err(again)?;
    model::begin(&mut transaction, kept.run, place, metrics).await.map_err(again)?;
    transaction.commit().await.map_err(again)
}

/// When the run ended: the same at each attempt, so that each makes the same commit.
async fn ended_at(app: &App, kept: Kept<'_>) -> Result<DateTime<Utc>, Outcome> {
    let facts = app.engine.find(kept.container).await.map_err(|error| Outcome::again(&error))?;
    let known = facts.and_then(|facts| facts.finished_at).or(kept.run.started_at);
    Ok(known.unwrap_or_else(|| app.clock.now()))
}

fn head(order: &Order<'_>, kept: Kept<'_>, at: DateTime<Utc>) -> CommitHead {
    let Release { app, environment, number, origin, .. } = order.release;
    CommitHead {
        app: app.to_string(),
        environment: environment.to_string(),
        run: kept.run.id.to_string(),
        git_ref: origin.git_ref.as_ref().map(ToString::to_string).unwrap_or_default(),
        message: kept.commit.message.to_string(),
        by: kept.run.asked_by.to_string(),
        release_number: *number,
        time: Some(proto::time::timestamp(at)),
        restored_commit: String::new(),
    }
}

/// Sends until the builder took it, said that it never will, or it is too late.
async fn until_sent(
    app: &App,
    head: &CommitHead,
    (files, at): (&Files, DateTime<Utc>),
) -> Result<CommitFilesResponse, Failure> {
    let mut pause = PAUSES.0;
    loop {
        let why = match send(app, head, files).await {
            Ok(answer) => return Ok(answer),
            Err(Unsent::Never(failure)) => return Err(failure),
            Err(Unsent::Later(why)) => why,
        };
        if app.clock.now() - at > LONGEST {
            let message = format!("it could not be committed for an hour: {why}");
            return Err(Failure::new("COMMIT_FAILED", message));
        }
        tracing::info!(run.id = head.run, why, "what a job made is committed later");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// What the run measured, if that is good enough.
async fn measured(
    app: &App,
    release: &Release,
    (kept, wanted): (Kept<'_>, &Metrics),
) -> Done<Value> {
    let no = |reason: &str, message: String| Ok(Err(Box::new(Failure::new(reason, message))));
    let file = wanted.file.as_str();
    let found = read(app, kept.container, file).await?;
    let Some(metrics) = found.and_then(|text| serde_json::from_slice::<Value>(&text).ok()) else {
        let message = format!(
            "job {} left no JSON in {file}, so that nobody knows how good its result is; nothing is committed",
            kept.run.job
        );
        return no("METRICS_UNREADABLE", message);
    };
    let live = live_metrics(app, release).await.map_err(again)?;
    match judge::faults(wanted, &metrics, live.as_ref()).as_slice() {
        [] => Ok(Ok(metrics)),
        faults => no("METRICS_REFUSED", format!("{}; nothing is committed", faults.join("; "))),
    }
}

/// What was measured of the model that is live now.
async fn live_metrics(app: &App, of: &Release) -> Result<Option<Value>, sqlx::Error> {
    let Some(id) = release::live(&app.pool, (&of.app, &of.environment)).await? else {
        return Ok(None);
    };
    let live = release::get(&app.pool, id).await?;
    match live.and_then(|live| live.origin.model) {
        Some(digest) => model::metrics(&app.pool, &of.app, &digest).await,
        None => Ok(None),
    }
}

/// A file of a container, if there is one and it is not too large.
async fn read(app: &App, container: &str, file: &str) -> Result<Option<Vec<u8>>, Outcome> {
    let away = |error: &(dyn std::error::Error + 'static)| Outcome::again(error);
    let packed = app.engine.pack(container, file, (&app.data, MOST_METRICS)).await;
    let Packed::Archive(archive) = packed.map_err(|it| away(&it))? else { return Ok(None) };
    let mut archive = tar::Archive::new(archive);
    let mut text = Vec::new();
    let read = archive.entries().and_then(|mut entries| match entries.next() {
        Some(entry) => entry?.read_to_end(&mut text),
        None => Ok(0),
    });
    read.map_err(|it| away(&it))?;
    Ok(Some(text))
}
