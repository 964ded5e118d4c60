//! Takes the containers of ended runs away: all that is wanted of them is written.

use crate::app::App;
use crate::db::run::{self, Run};
use events::InstanceId;

/// Takes away what an earlier attempt left.
pub(crate) async fn clear(app: &App) -> Result<(), sqlx::Error> {
    for run in run::uncleared(&app.pool).await? {
        clear_one(app, &run).await;
    }
    Ok(())
}

/// Takes one away; when that fails now, the next sweep does it.
pub(super) async fn clear_one(app: &App, run: &Run) {
    if let Err(error) = try_clear(app, run).await {
        tracing::warn!(run.id = %run.id, error = service::chain(&*error), "the container of a run stays for now");
    }
}

async fn try_clear(app: &App, run: &Run) -> anyhow::Result<()> {
    let uid = InstanceId::new(run.id.uuid());
    if let Some(container) = app.engine.find_own(&run.container_name, uid).await? {
        app.engine.remove(&container).await?;
    }
    let mut connection = app.pool.acquire().await?;
    run::clear(&mut connection, run.id).await?;
    Ok(())
}
