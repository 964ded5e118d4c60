//! Stops what the new release replaced. Containers of the release that was stable stay, so that it can be
//! started again without engine, registry or git; volumes always stay.

use super::detached::{After, stop_withdrawn, told};
use super::{Outcome, certify, counted, traffic};
use crate::app::App;
use crate::db::instance;
use crate::db::release::Release;
use crate::member;

/// The release has all requests alone from here on. Drains and stops every instance of the environment that the release does not run on.
pub(crate) async fn settle(app: &App, release: &Release) -> Result<String, Outcome> {
    let place = (&release.app, &release.environment);
    let all =
        instance::of_environment(&app.pool, place).await.map_err(|error| Outcome::again(&error))?;
    let own = member::of_content(&release.content, &all);
    let replaced: Vec<_> = all
        .into_iter()
        .filter(|instance| instance.state != "stopped")
        .filter(|instance| !own.iter().any(|mine| mine.id == instance.id))
        .collect();
    traffic::set(app, release, |before| before.restored(Some(release.id)), &replaced).await?;
    let stopped = stop_withdrawn(app, release, replaced, After::Keep).await?;
    certify::end(app, release).await?;
    let count = counted(stopped.len(), "instance", "stopped");
    Ok(if stopped.is_empty() { count } else { format!("{count}: {}", told(&stopped)) })
}
