//! Where nothing moves only the live release runs: what a release that could not settle in time left running is
//! stopped, and what nobody goes back to any more loses its containers.

use crate::app::App;
use crate::db::environment::{self, Environment};
use crate::db::{instance, release};
use crate::perform::{self, Outcome};
use crate::{finish, member};
use ::release::Effect;

/// Stops and removes what is left over; how many environments had something.
pub(crate) async fn stop(app: &App) -> anyhow::Result<usize> {
    let mut found = 0;
    for environment in environment::all(&app.pool).await? {
        found += usize::from(stop_in(app, &environment).await?);
    }
    Ok(found)
}

async fn stop_in(app: &App, environment: &Environment) -> anyhow::Result<bool> {
    let place = (&environment.app, &environment.environment);
    // In this order: what was there before nothing moved belongs to nothing that moves.
    let all = instance::of_environment(&app.pool, place).await?;
    if !release::unfinished(&app.pool, place).await?.is_empty() {
        return Ok(false);
    }
    let Some(live) = release::live(&app.pool, place).await? else { return Ok(false) };
    let Some(live) = release::get(&app.pool, live).await? else { return Ok(false) };
    let own = member::of_content(&live.content, &all);
    let is_left = |it: &instance::Instance| !own.iter().any(|mine| mine.id == it.id);
    let running = all.iter().filter(|it| it.state != "stopped").any(is_left);
    if running && let Outcome::Again(why) = perform::perform(app, &live, Effect::Settle).await {
        anyhow::bail!("{}/{}: {why}", environment.app, environment.environment);
    }
    finish::collect(app, &live).await?;
    Ok(running)
}
