//! Where a live release goes on to once it was live for long enough: how long it was, and what is missing.

use crate::app::App;
use crate::db::promotion;
use crate::db::release::Release;
use crate::promotion::told;
use ::release::State;
use proto::v1;

/// The environments that take from the one in which `release` is live.
pub(super) async fn of(app: &App, release: &Release) -> Result<Vec<v1::Soak>, sqlx::Error> {
    if release.state != State::Live {
        return Ok(Vec::new());
    }
    let place = (&release.app, &release.environment);
    let targets = promotion::targets(&app.pool, release.id).await?;
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let lived = promotion::lived(&app.pool, place, Some(release.id)).await?;
    let mut soaks = Vec::with_capacity(targets.len());
    for (target, from) in targets {
        let here = (&release.app, &target);
        let is_done = promotion::was_promoted(&app.pool, release.id, here).await?;
        let soaked = release.entered_at + from.soak.duration();
        soaks.push(v1::Soak {
            environment: proto::name::environment(&release.app, &target),
            soaked_time: Some(proto::time::timestamp(soaked)),
            told: told(&from, &lived, is_done),
        });
    }
    Ok(soaks)
}
