//! Lets a queued release begin when no other release of its environment moves. The newest wins: what
//! waits before it is superseded, what moves is asked to go back.

use crate::app::App;
use crate::db::claim::Lease;
use crate::db::release::Release;
use crate::db::{command, environment, release};
use crate::drive::DriveError;
use crate::transition::{TransitionError, apply_in, recorded};
use crate::{shadow, window};
use ::release::{Input, Plan, State, Strategy};
use service::fail_point::reach;

/// True when the release changed, false when it has to wait.
pub(crate) async fn admit(app: &App, lease: Lease, release: &Release) -> Result<bool, DriveError> {
    reach(|| "deployer.queued.before_effect".to_owned()).await.map_err(sqlx::Error::from)?;
    let mut transaction = app.pool.begin().await?;
    let place = (&release.app, &release.environment);
    environment::lock(&mut transaction, place).await?;
    for other in release::unfinished(&mut *transaction, place).await? {
        if other != release.id {
            return Ok(false);
        }
    }
    let stable = release::live(&mut *transaction, place).await?;
    let mut admitted = release.clone();
    admitted.stable = stable;
    admitted.plan = settled_plan(app, release, stable).await?;
    release::set_stable(&mut transaction, release.id, (stable, &admitted.plan)).await?;
    let in_window = window::closed(&mut transaction, &admitted).await?.is_none();
    let admission = Input::Admitted { in_window };
    match apply_in(app, &mut transaction, Some(lease), &admitted, admission).await {
        Ok(_) => {}
        Err(TransitionError::Busy) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    reach(|| "deployer.queued.effect_done".to_owned()).await.map_err(sqlx::Error::from)?;
    transaction.commit().await?;
    recorded(&release.state).await?;
    app.changed();
    Ok(true)
}

/// The plan, now that it is known what the release replaces: what cannot run twice stops first, and what answers users
/// as before is not asked copies of what they ask.
async fn settled_plan(
    app: &App,
    release: &Release,
    stable: Option<events::ReleaseId>,
) -> Result<Plan, DriveError> {
    let mut plan = Plan { has_stable: stable.is_some(), ..release.plan.clone() };
    let Some(id) = stable else { return Ok(plan) };
    let Some(stable) = release::get(&app.pool, id).await? else { return Ok(plan) };
    let (new, old) = (&release.content, &stable.content);
    if !crate::replace::stop_first(new, old).is_empty() {
        plan.strategy = Strategy::Recreate;
    } else if plan.strategy == Strategy::Shadow && !shadow::is_worth_it(new, old) {
        plan.strategy = Strategy::BlueGreen;
    }
    Ok(plan)
}

/// Asks everything of the environment that has not ended to make way for `newer`.
pub(crate) async fn make_way(
    connection: &mut sqlx::PgConnection,
    newer: &Release,
) -> Result<(), sqlx::Error> {
    let place = (&newer.app, &newer.environment);
    for other in release::unfinished(&mut *connection, place).await? {
        let Some(other) = release::get(&mut *connection, other).await? else { continue };
        let makes_way = !matches!(
            other.state,
            State::Settling | State::RollingBack { .. } | State::Stuck { .. }
        );
        if other.number < newer.number && makes_way {
            let input = Input::Supersede { by: newer.id };
            command::enqueue(connection, other.id, &input).await?;
        }
    }
    Ok(())
}
