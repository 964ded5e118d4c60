//! Moves traffic: one write, one table, one acknowledgement.

use super::Outcome;
use crate::app::App;
use crate::db::environment;
use crate::db::release::{self, Release};
use crate::table::{self, PublishError};

/// Gives the candidate `weight` percent and the stable release the rest. Returns when the router
/// acknowledged.
pub(crate) async fn shift(app: &App, release: &Release, weight: u32) -> Result<String, Outcome> {
    let place = (&release.app, &release.environment);
    let generation = table::publish(app, async |connection: &mut sqlx::PgConnection| {
        release::fence(&mut *connection, release).await?;
        let before = environment::traffic(&mut *connection, place).await?.unwrap_or_default();
        let after = before.shifted(release.stable, release.id, weight);
        environment::set_traffic(connection, place, &after).await
    })
    .await
    .map_err(|error: PublishError| Outcome::again(&error))?;
    Ok(format!("{weight} % of traffic, table {generation}"))
}
