//! A model that is on its branch becomes a release at the forge, with its files, where who asked for the run wants that. What
//! comes of it changes nothing of the run: the model is committed.

use super::stream::{Part, Unsent, stream};
use super::{Files, Kept, again, taken};
use crate::app::App;
use crate::db::model::{self, Unpublished};
use crate::errand::Errand;
use crate::job::Order;
use crate::perform::Outcome;
use chrono::TimeDelta;
use proto::v1::publish_model_request::Part as Message;
use proto::v1::{PublishModelRequest, PublishedFile, PublishedModel};
use std::time::Duration;

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
    let head = request(Message::Model(model.clone()));
    let mut gateway = app.gateway.clone();
    let call = move |request| async move { gateway.publish_model(request).await };
    stream(app, files, (head, part), call).await.map(|answer| answer.url)
}

fn part(part: Part<'_>) -> PublishModelRequest {
    request(match part {
        Part::File(path, file) => {
            let size = i64::try_from(file.size).unwrap_or(i64::MAX);
            Message::File(PublishedFile { path: path.to_owned(), size })
        }
        Part::Chunk(chunk) => Message::Chunk(chunk),
    })
}

fn request(message: Message) -> PublishModelRequest {
    PublishModelRequest { part: Some(message) }
}
