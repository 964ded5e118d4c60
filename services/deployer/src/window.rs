//! Whether a release may begin now: by the freezes that it was made with and the clock of the database, unless an
//! administrator put them aside.

use crate::app::App;
use crate::db::claim::{self, Lease};
use crate::db::release::Release;
use crate::db::vote;
use crate::drive::DriveError;
use crate::transition::{apply_in, recorded};
use ::release::Input;
use chrono::{DateTime, Utc};
use manifest::Closed;
use service::fail_point::reach;
use sqlx::PgConnection;
use std::time::Duration;

/// Longest pause between two looks at a window.
const LOOK: Duration = Duration::from_hours(1);

/// Why `release` may not begin now; nothing when it may.
pub(crate) async fn closed(
    connection: &mut PgConnection,
    release: &Release,
) -> Result<Option<Closed>, sqlx::Error> {
    if !release.plan.window || vote::overrides(&mut *connection, release.id).await? {
        return Ok(None);
    }
    let now = claim::now(connection).await?;
    Ok(manifest::closed(&release.content.resolved.freeze, now))
}

/// Lets a release that waits for its window go on when that is open; else how long to wait for the next look.
pub(crate) async fn look(
    app: &App,
    lease: Lease,
    release: &Release,
) -> Result<Option<Duration>, DriveError> {
    let mut transaction = app.pool.begin().await?;
    if let Some(closed) = closed(&mut transaction, release).await? {
        let now = claim::now(&mut *transaction).await?;
        return Ok(Some(pause(&closed, now)));
    }
    reach(|| "deployer.awaiting_window.before_effect".to_owned())
        .await
        .map_err(sqlx::Error::from)?;
    apply_in(app, &mut transaction, Some(lease), release, Input::WindowOpened).await?;
    reach(|| "deployer.awaiting_window.effect_done".to_owned()).await.map_err(sqlx::Error::from)?;
    transaction.commit().await?;
    recorded(&release.state).await?;
    app.changed();
    Ok(None)
}

fn pause(closed: &Closed, now: DateTime<Utc>) -> Duration {
    let left = closed.until.and_then(|until| (until - now).to_std().ok());
    left.map_or(LOOK, |left| left.min(LOOK))
}
