//! What was rolled back at the router itself, while nobody could be asked, becomes a rollback of record: by whom it
//! was, for the reason that was given. The router keeps its own until the truth sends requests to the same release.

use crate::app::App;
use crate::db::environment;
use crate::grpc::rollback;
use anyhow::Context;
use events::{AppName, EnvironmentName, PrincipalName, ReleaseId};
use proto::v1::{LocalRollback, RollbackEnvironmentRequest};
use service::principal::{Grant, Principal, Role};

/// Records each, and lets go of those that the truth agrees with by now.
pub(crate) async fn record(app: &App, rollbacks: &[LocalRollback]) {
    for rollback in rollbacks {
        if let Err(error) = Box::pin(record_one(app, rollback)).await {
            tracing::warn!(
                slipway.environment = rollback.environment,
                release.id = rollback.release,
                error = service::chain(&*error),
                "a rollback at the router is not on record yet"
            );
        }
    }
}

async fn record_one(app: &App, rollback: &LocalRollback) -> anyhow::Result<()> {
    let place = place(rollback)?;
    let release: ReleaseId = rollback.release.parse().context("read the release")?;
    let traffic = environment::traffic(&app.pool, (&place.0, &place.1)).await?;
    if traffic.is_none_or(|traffic| traffic.percent_of(release) == 100) {
        app.router.clear_local_rollback(&rollback.uid).await?;
        tracing::info!(slipway.app = %place.0, release.id = %release, "a rollback at the router is on record");
        return Ok(());
    }
    let by = Principal {
        name: PrincipalName::new(&rollback.by),
        grants: vec![Grant::everywhere(Role::Admin)],
    };
    let wanted = RollbackEnvironmentRequest {
        name: proto::name::environment(&place.0, &place.1),
        number: 0,
        // The same again is answered, not done twice.
        request_id: rollback.uid.clone(),
        reason: rollback.reason.clone(),
        // It was done; this is the record of it.
        confirm_irreversible: true,
    };
    Box::pin(rollback::rollback(app, app.internal.request_of(&by, wanted))).await?;
    Ok(())
}

fn place(rollback: &LocalRollback) -> anyhow::Result<(AppName, EnvironmentName)> {
    let (app, environment) =
        rollback.environment.split_once('/').context("an environment is app/environment")?;
    Ok((AppName::parse(app)?, EnvironmentName::parse(environment)?))
}
