//! Keeps how the instances answered, with the release.

use super::Outcome;
use crate::answered::Answered;
use crate::app::App;
use crate::db::answer;
use crate::db::release::{self, Release};

/// Writes what came of the requests of the state that `release` is in.
pub(super) async fn keep(
    app: &App,
    release: &Release,
    answered: &[Answered],
) -> Result<(), Outcome> {
    if answered.is_empty() {
        return Ok(());
    }
    let again = |error: sqlx::Error| Outcome::again(&error);
    let mut transaction = app.pool.begin().await.map_err(again)?;
    release::fence(&mut *transaction, release).await.map_err(again)?;
    let place = (release.id, release.state.step());
    answer::save(&mut transaction, place, answered).await.map_err(again)?;
    transaction.commit().await.map_err(again)
}
