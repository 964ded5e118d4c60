//! The one place where a build ends: its row, its images and the event about it, in one transaction.

use crate::app::{App, SERVICE};
use crate::db;
use crate::db::build::{End, Identity};
use crate::failure::Failure;
use crate::run::product::Product;
use events::payload::{BuildV1, ImageV1};
use events::{BuildId, EnvironmentName, EventId, EventType};
use service::fail_point::reach;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// How a build ends.
#[derive(Debug)]
pub enum Ending {
    /// Every service has a digest.
    Succeeded(Product),
    /// There are no images, with the last lines of the log.
    Failed(Failure, Vec<String>),
    /// A person or a newer change ended it.
    Cancelled(Failure),
    /// There was nothing to do.
    Skipped(Failure),
}

/// Who may end it.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// The worker that holds the lease of this epoch.
    Worker(i64),
    /// Whoever cancels.
    Anyone,
}

impl Ending {
    fn state(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Failed(..) => "failed",
            Self::Cancelled(_) => "cancelled",
            Self::Skipped(_) => "skipped",
        }
    }

    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Succeeded(_) => None,
            Self::Failed(failure, _) | Self::Cancelled(failure) | Self::Skipped(failure) => {
                Some(failure)
            }
        }
    }

    /// What is said about it; nothing follows from a build that had nothing to do.
    fn event(&self) -> Option<EventType> {
        match self {
            Self::Succeeded(_) => Some(EventType::BuildSucceeded),
            Self::Failed(..) => Some(EventType::BuildFailed),
            Self::Cancelled(_) => Some(EventType::BuildCancelled),
            Self::Skipped(_) => None,
        }
    }
}

/// Ends a build. False when it had ended before or is no longer the worker's.
pub async fn complete(app: &App, id: BuildId, by: By, ending: Ending) -> Result<bool, sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    let ended = record(app, &mut transaction, id, by, &ending).await?;
    transaction.commit().await?;
    recorded(app, id, &ending, ended).await?;
    Ok(ended)
}

/// What follows when the end of a build is committed.
pub async fn recorded(
    app: &App,
    id: BuildId,
    ending: &Ending,
    ended: bool,
) -> Result<(), sqlx::Error> {
    reach(|| format!("builder.{}.recorded", ending.state())).await?;
    if ended {
        tracing::info!(build.id = %id, build.state = ending.state(),
            reason = ending.failure().map(|failure| failure.reason.as_str()), "build ended");
        app.counts.ended(ending.state(), ending.failure().map(|failure| failure.reason.as_str()));
        app.running.stop(id);
        app.outbox.notify_one();
        app.hints.give();
    }
    Ok(())
}

/// Ends a build in the caller's transaction, who says [`recorded`] after it.
pub async fn record(
    app: &App,
    connection: &mut PgConnection,
    id: BuildId,
    by: By,
    ending: &Ending,
) -> Result<bool, sqlx::Error> {
    let epoch = match by {
        By::Worker(epoch) => Some(epoch),
        By::Anyone => None,
    };
    let log_tail: &[String] = if let Ending::Failed(_, tail) = ending { tail } else { &[] };
    let end = End { state: ending.state(), failure: ending.failure(), log_tail };
    let Some((identity, environments)) = db::build::end(connection, id, epoch, end).await? else {
        return Ok(false);
    };
    let mut images = BTreeMap::new();
    if let Ending::Succeeded(product) = ending {
        for image in &product.images {
            db::service::insert(connection, id, image).await?;
            if let Some(key) = &image.content_key {
                let (owner, place) =
                    ((&identity.app, &image.service), (image.repository.as_str(), &image.digest));
                db::image::remember(connection, owner, key.as_str(), place).await?;
            }
            let said =
                ImageV1 { repository: image.repository.clone(), digest: image.digest.clone() };
            images.insert(image.service.clone(), said);
        }
    }
    if let Some(event_type) = ending.event() {
        let environments =
            environments.iter().filter_map(|name| EnvironmentName::parse(name).ok()).collect();
        let mut said = payload(&identity, environments);
        said.images = images;
        said.reason = ending.failure().map(|failure| failure.reason.to_string());
        said.message = ending.failure().map(|failure| failure.message.clone());
        announce(app, connection, event_type, &said).await?;
    }
    Ok(true)
}

/// What every event about a build says.
pub fn payload(identity: &Identity, environments: Vec<EnvironmentName>) -> BuildV1 {
    BuildV1 {
        build: identity.id,
        change: identity.change,
        app: identity.app.clone(),
        git_ref: identity.git_ref.clone(),
        commit: identity.commit.clone(),
        environments,
        images: BTreeMap::new(),
        reason: None,
        message: None,
    }
}

/// Says something about a build, in the transaction that makes it true.
pub async fn announce(
    app: &App,
    connection: &mut PgConnection,
    event_type: EventType,
    payload: &BuildV1,
) -> Result<(), sqlx::Error> {
    let stamp = (EventId::new(service::new_id()), app.clock.now());
    let envelope = bus::envelope(SERVICE, event_type, &payload.app, payload, stamp)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    pg::outbox::enqueue(connection, SERVICE, &envelope).await
}

/// Ends a build because a person said so or something newer is there.
pub async fn cancel(app: &App, id: BuildId, why: Failure) -> Result<bool, sqlx::Error> {
    complete(app, id, By::Anyone, Ending::Cancelled(why)).await
}
