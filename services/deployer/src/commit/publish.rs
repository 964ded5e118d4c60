//! A model that is on its branch becomes a release at the forge, with its files, where who asked for the run wants that. What
//! comes of it changes nothing of the run: the model is committed.

use super::send::{CHUNK, unsent};
use super::take::Taken;
use super::{Files, Kept, Unsent, again, taken};
use crate::app::App;
use crate::db::model::{self, Unpublished};
use crate::errand::Errand;
use crate::job::Order;
use crate::perform::Outcome;
use chrono::TimeDelta;
use proto::v1::publish_model_request::Part;
use proto::v1::{PublishModelRequest, PublishedFile, PublishedModel};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// How long one attempt may take.
const LIMIT: Duration = Duration::from_mins(10);
/// Messages ahead of a gateway that is slower.
const AHEAD: usize = 4;
/// What could not be released in so long is not.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(10);

/// Releases what the run made, if that is wanted and not done.
pub(super) async fn publish(app: &App, order: &Order<'_>, kept: Kept<'_>) -> Result<(), Outcome> {
    let Some(errand) = order.errand.filter(|errand| errand.publish) else { return Ok(()) };
    let found = model::unpublished(&app.pool, kept.run.id).await.map_err(again)?;
    let Some(found) = found else { return Ok(()) };
    let outcome = match taken(app, order, kept).await? {
        Ok(files) => {
            let model = head(order, (kept, errand), found);
            until_sent(app, &model, &files).await
        }
        Err(failure) => Err(failure.to_string()),
    };
    match &outcome {
        Ok(url) => tracing::info!(run.id = %kept.run.id, url, "a model is released at the forge"),
        Err(why) => {
            tracing::warn!(run.id = %kept.run.id, why, "a model is not released at the forge");
        }
    }
    let outcome = outcome.as_deref().map_err(String::as_str);
    let mut transaction = app.pool.begin().await.map_err(again)?;
    order.fence(&mut transaction).await.map_err(again)?;
    model::published(&mut transaction, kept.run.id, outcome).await.map_err(again)?;
    transaction.commit().await.map_err(again)
}

fn head(
    order: &Order<'_>,
    (kept, errand): (Kept<'_>, &Errand),
    model: Unpublished,
) -> PublishedModel {
    let release = order.release;
    PublishedModel {
        app: release.app.to_string(),
        environment: release.environment.to_string(),
        commit: model.commit,
        digest: model.digest,
        run: kept.run.id.to_string(),
        by: kept.run.asked_by.to_string(),
        why: errand.why.clone(),
        release_number: release.number,
        metrics: model.metrics.map(|metrics| metrics.to_string()).unwrap_or_default(),
    }
}

/// Sends until the forge has it, or never will; where it is, or why not.
async fn until_sent(app: &App, model: &PublishedModel, files: &Files) -> Result<String, String> {
    // To commit may have taken long already.
    let begun = app.clock.now();
    loop {
        let why = match send(app, model, files).await {
            Ok(url) => return Ok(url),
            Err(Unsent::Never(failure)) => return Err(failure.to_string()),
            Err(Unsent::Later(why)) => why,
        };
        if app.clock.now() - begun > LONGEST {
            return Err(why);
        }
        tracing::info!(run.id = model.run, why, "a model is released at the forge later");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn send(app: &App, model: &PublishedModel, files: &Files) -> Result<String, Unsent> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let mut request = app.internal.request(ReceiverStream::new(receiver));
    request.set_timeout(LIMIT);
    let (model, files) = (model.clone(), files.clone());
    let mut gateway = app.gateway.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let send = |part| sender.blocking_send(PublishModelRequest { part: Some(part) }).is_ok();
        if !send(Part::Model(model)) {
            return Ok(());
        }
        files.iter().try_for_each(|(path, file)| read(path, file, send))
    });
    let answer = gateway.publish_model(request).await;
    let read = reading.await.map_err(std::io::Error::other).flatten();
    read.map_err(|error| Unsent::Later(format!("reading what the job made: {error}")))?;
    answer.map(|answer| answer.into_inner().url).map_err(|status| unsent(&status))
}

/// Sends one file; who does not listen any more says why himself.
fn read(path: &str, file: &Taken, send: impl Fn(Part) -> bool) -> std::io::Result<()> {
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    let (mut at, mut listens) =
        (0, send(Part::File(PublishedFile { path: path.to_owned(), size })));
    while listens && at < file.size {
        let chunk = file.read(at, CHUNK)?;
        at += chunk.len() as u64;
        listens = send(Part::Chunk(chunk));
    }
    Ok(())
}
