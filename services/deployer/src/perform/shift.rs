//! Moves traffic: one write, one table, one acknowledgement.

use super::{Outcome, certify, traffic};
use crate::app::App;
use crate::db::release::Release;

/// Gives the candidate `weight` percent, which with nothing is copies only, and the stable release the rest. Returns when the router
/// acknowledged.
pub(crate) async fn shift(app: &App, release: &Release, weight: u32) -> Result<String, Outcome> {
    certify::begin(app, release).await?;
    let shifted = traffic::set(
        app,
        release,
        |before| before.shifted(release.stable, release.id, weight),
        &[],
    );
    let generation = shifted.await?;
    Ok(match weight {
        0 => format!("copies of requests, table {generation}"),
        _ => format!("{weight} % of traffic, table {generation}"),
    })
}
