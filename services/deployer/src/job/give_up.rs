//! Ends what still runs for a release that goes back. What undoes something is left to end by itself.

use super::carry_out::end;
use super::{Ended, Kind, clear};
use crate::app::App;
use crate::db::release::{self, Release};
use crate::db::run::{self, Run};
use crate::perform::Outcome;
use events::InstanceId;
use std::time::Duration;

/// From SIGTERM to SIGKILL, for a service that the release does not know.
const GRACE: Duration = Duration::from_secs(30);

/// Stops every run of `release`.
pub(crate) async fn give_up(app: &App, release: &Release) -> Result<(), Outcome> {
    let open = run::open_of(&app.pool, release.id).await;
    for run in open.map_err(|error| Outcome::again(&error))? {
        if run.kind.is_of_the_release() && run.kind != Kind::Undo {
            stop(app, release, &run).await?;
        }
    }
    Ok(())
}

async fn stop(app: &App, release: &Release, run: &Run) -> Result<(), Outcome> {
    let again = |error: &(dyn std::error::Error + 'static)| Outcome::again(error);
    let services = &release.content.resolved.services;
    let grace = services.get(&run.service).map_or(GRACE, |it| it.stop.grace.duration());
    let uid = InstanceId::new(run.id.uuid());
    let own = app.engine.find_own(&run.container_name, uid).await.map_err(|error| again(&error))?;
    let message = match own {
        Some(container) => {
            app.engine.stop(&container, grace).await.map_err(|error| again(&error))?;
            "the release ended while it ran; it may be half done"
        }
        None => "the release ended before it began",
    };
    let ended = Ended::stopped(message.to_owned());
    let mut transaction = app.pool.begin().await.map_err(|error| again(&error))?;
    release::fence(&mut *transaction, release).await.map_err(|error| again(&error))?;
    end(app, &mut transaction, release, (run, &ended)).await.map_err(|error| again(&error))?;
    transaction.commit().await.map_err(|error| again(&error))?;
    app.changed();
    clear::clear_one(app, run).await;
    Ok(())
}
