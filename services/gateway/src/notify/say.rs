//! From an event to rows: one for each sink that wants it, in the transaction that records the event.

use super::policy::{self, PolicyError};
use super::{Message, about, sink};
use crate::app::App;
use crate::db::{self, notification, sink as sinks};
use crate::news::is_history;
use bus::Verdict;
use events::{AppName, Envelope};

/// Why nobody could be told.
#[derive(Debug, thiserror::Error)]
enum SayError {
    #[error("read the app {app}")]
    App { app: AppName, source: sqlx::Error },
    #[error("learn who is told")]
    Policy(#[from] PolicyError),
    #[error("ask the deployer what people of {app} are asked about")]
    Release { app: AppName, source: Box<tonic::Status> },
    #[error("write notifications of {app}")]
    Write { app: AppName, source: sqlx::Error },
}

impl From<SayError> for Verdict {
    fn from(error: SayError) -> Self {
        match &error {
            SayError::Policy(PolicyError::Invalid { .. }) => Self::park(&error),
            SayError::Policy(PolicyError::Ask { .. })
            | SayError::App { .. }
            | SayError::Release { .. }
            | SayError::Write { .. } => Self::retry(&error),
        }
    }
}

/// Tells `message` to whom the policy of the app names for it.
pub(crate) async fn say(app: &App, envelope: &Envelope, message: Message) -> Verdict {
    match try_say(app, envelope, message).await {
        Ok(()) => Verdict::Done,
        Err(error) => error.into(),
    }
}

async fn try_say(app: &App, envelope: &Envelope, message: Message) -> Result<(), SayError> {
    let name = &envelope.app;
    let read = |source| SayError::App { app: name.clone(), source };
    let Some(row) = db::app::find(&app.pool, name).await.map_err(read)? else { return Ok(()) };
    let since = db::app::notified_since(&app.pool, name).await.map_err(read)?;
    if is_history(envelope, app.clock.now()) || since.is_none_or(|since| envelope.at < since) {
        return Ok(());
    }
    let Some(policy) = policy::of(app, &row).await? else { return Ok(()) };
    let wanting = sink::wanting(&policy, message.notice, &message.environments);
    if wanting.is_empty() {
        return Ok(());
    }
    let message = about::complete(app, &row.repository, message).await;
    let message = message.map_err(|source| SayError::Release { app: name.clone(), source })?;
    let written = write(app, envelope, &wanting, &message).await;
    written.map_err(|source| SayError::Write { app: name.clone(), source })?;
    app.notifying.notify_one();
    Ok(())
}

async fn write(
    app: &App,
    envelope: &Envelope,
    wanting: &[sink::Listed],
    message: &Message,
) -> Result<(), sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    if !pg::inbox::first_time(&mut transaction, crate::NAME, envelope.id).await? {
        return Ok(());
    }
    let place = message.environment();
    for sink::Listed { sink, votes, .. } in wanting {
        if sinks::ensure(&mut transaction, &envelope.app, sink, place).await? {
            // Whoever reads it there decides in the name of the sink.
            let voter = Some(sink.name()).filter(|_| *votes);
            let message = Message { voter, ..message.clone() };
            let name = sink.name_in(place);
            notification::add(&mut transaction, &name, envelope.id, &message).await?;
        }
    }
    transaction.commit().await
}
