//! The one way in which a release moves traffic: fenced, written with the generation of the table, acknowledged.

use super::Outcome;
use crate::app::App;
use crate::db::environment;
use crate::db::instance::{self, Instance};
use crate::db::release::{self, Release};
use crate::table;
use ::release::Traffic;

/// Makes of the environment's traffic what `change` makes of it, and takes what is ready of `withdrawn` out of the
/// table. Returns the generation that the router acknowledged; a release that went on meanwhile moves nothing.
pub(super) async fn set(
    app: &App,
    release: &Release,
    change: impl FnOnce(&Traffic) -> Traffic,
    withdrawn: &[Instance],
) -> Result<u64, Outcome> {
    let place = (&release.app, &release.environment);
    table::publish(app, async |connection: &mut sqlx::PgConnection| {
        release::fence(&mut *connection, release).await?;
        let before = environment::traffic(&mut *connection, place).await?.unwrap_or_default();
        environment::set_traffic(&mut *connection, place, &change(&before)).await?;
        for instance in withdrawn.iter().filter(|instance| instance.state == "ready") {
            let seen = (None, instance.address.as_deref());
            instance::observe(&mut *connection, instance.id, "draining", seen).await?;
        }
        Ok(())
    })
    .await
    .map_err(|error| Outcome::again(&error))
}
