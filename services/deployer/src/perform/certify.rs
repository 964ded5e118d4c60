//! Reads the router's counters where a switch of traffic begins and where it is over. Each is written once, so that a
//! driver that takes over goes on with the first reading.

use super::Outcome;
use crate::app::App;
use crate::certificate::{Reading, Unknown};
use crate::db::certificate;
use crate::db::release::{self, Release};

/// Before the first table that moves traffic. The router that cannot tell now could not be given that table either.
pub(super) async fn begin(app: &App, release: &Release) -> Result<(), Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    if certificate::of(&app.pool, release.id).await.map_err(again)?.is_some() {
        return Ok(());
    }
    let stats = app.router.stats("").await.map_err(|error| Outcome::again(&error))?;
    let place = (&release.app, &release.environment);
    let Some(before) = Reading::of(&stats, place) else { return Ok(()) };
    let mut transaction = app.pool.begin().await.map_err(again)?;
    release::fence(&mut *transaction, release).await.map_err(again)?;
    certificate::begin(&mut *transaction, release.id, &before).await.map_err(again)?;
    transaction.commit().await.map_err(again)
}

/// After the last drain. What cannot be read now will not be known later, and no release waits for it.
pub(super) async fn end(app: &App, release: &Release) -> Result<(), Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let before = certificate::begun(&app.pool, release.id).await.map_err(again)?;
    let Some(before) = before else { return Ok(()) };
    let place = (&release.app, &release.environment);
    let stats = app.router.stats("").await.ok();
    let after = stats.and_then(|stats| Reading::of(&stats, place));
    let counted = after.ok_or(Unknown::Silent).and_then(|after| after.since(&before));
    let mut transaction = app.pool.begin().await.map_err(again)?;
    release::fence(&mut *transaction, release).await.map_err(again)?;
    certificate::end(&mut *transaction, release.id, counted).await.map_err(again)?;
    transaction.commit().await.map_err(again)
}
