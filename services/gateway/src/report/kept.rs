//! What the forge is told is kept in rows; nothing is where no GitHub is told.

use crate::app::App;
use crate::db;
use bus::Verdict;
use events::{AppName, Envelope};

/// Why what happened could not be kept to be told.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("read the app {app}")]
    App { app: AppName, source: sqlx::Error },
    #[error("write what is to be told of {app}")]
    Write { app: AppName, source: sqlx::Error },
}

/// Keeps what `write` writes, where GitHub is told of the app, and looks whether it is due.
pub(crate) async fn keep(
    app: &App,
    envelope: &Envelope,
    write: impl Future<Output = Result<(), sqlx::Error>>,
) -> Verdict {
    match try_keep(app, &envelope.app, write).await {
        Ok(()) => Verdict::Done,
        Err(error) => Verdict::retry(&error),
    }
}

async fn try_keep(
    app: &App,
    name: &AppName,
    write: impl Future<Output = Result<(), sqlx::Error>>,
) -> Result<(), KeepError> {
    let Some(client) = &app.github else { return Ok(()) };
    let row = db::app::find(&app.pool, name).await;
    let row = row.map_err(|source| KeepError::App { app: name.clone(), source })?;
    if row.is_none_or(|row| client.settings().slug(name, &row.repository).is_none()) {
        return Ok(());
    }
    write.await.map_err(|source| KeepError::Write { app: name.clone(), source })?;
    app.reporting.notify_one();
    Ok(())
}
