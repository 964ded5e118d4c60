//! `source.pushed`: a change is there, so a build of it is queued, once.

use crate::app::{App, SERVICE};
use crate::complete::{announce, payload};
use crate::db;
use crate::db::build::{Identity, New};
use crate::order;
use bus::Verdict;
use events::payload::SourcePushedV1;
use events::{BuildId, Envelope, EventType};
use std::sync::Arc;

/// Queues a build of the change.
pub async fn handle(app: &Arc<App>, envelope: Envelope) -> Verdict {
    let pushed: SourcePushedV1 = match events::payload::read(&envelope) {
        Ok(pushed) => pushed,
        Err(error) => return error.into(),
    };
    let id = BuildId::new(service::new_id());
    let new = New { id, pushed, traceparent: envelope.traceparent.clone() };
    match queue(app, &envelope, &new).await {
        Ok(true) => wake(app, new.pushed).await,
        Ok(false) => Verdict::Done,
        Err(error) => error.into(),
    }
}

/// Inbox, row and event in one transaction; false when the event or its change was seen before.
async fn queue(app: &App, envelope: &Envelope, new: &New) -> Result<bool, sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    if !pg::inbox::first_time(&mut transaction, SERVICE, envelope.id).await? {
        return Ok(false);
    }
    let queued = db::build::insert(&mut transaction, new).await?;
    if queued {
        let SourcePushedV1 { change, app: name, git_ref, commit, .. } = new.pushed.clone();
        let identity = Identity { id: new.id, change, app: name, git_ref, commit };
        let said = payload(&identity, Vec::new());
        announce(app, &mut transaction, EventType::BuildQueued, &said).await?;
    }
    transaction.commit().await?;
    Ok(queued)
}

async fn wake(app: &Arc<App>, pushed: SourcePushedV1) -> Verdict {
    app.outbox.notify_one();
    app.queue.notify_one();
    match db::waiting::contenders(&app.pool, &pushed.app, &pushed.git_ref).await {
        Ok(contenders) if contenders.len() > 1 => order::contest(app, pushed.app, pushed.git_ref),
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "could not look for other builds of the ref yet"),
    }
    Verdict::Done
}
