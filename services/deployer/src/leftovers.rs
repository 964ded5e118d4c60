//! Where nothing moves only the live release runs: what a release that could not settle in time left running is
//! stopped, and what nobody goes back to any more loses its containers.

use crate::app::App;
use crate::db::environment::{self, Environment};
use crate::db::{instance, release};
use crate::perform::{self, Outcome};
use crate::{finish, member};
use ::release::Effect;
use std::time::Duration;
use tokio::time::Instant;

/// Everything is looked at this often, whatever is said to have changed: a restored database may say less.
const FULL: Duration = Duration::from_mins(10);
/// A change counts from its time in the database, and may be seen this much later.
const UNSEEN: Duration = Duration::from_mins(1);

/// When it was looked, without a failure: what did not change since has nothing left over.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    everywhere: Option<Instant>,
    last: Option<Instant>,
}

impl Looked {
    /// Which changes are looked at now; nothing when all are.
    fn within(&self, now: Instant) -> Option<Duration> {
        let (everywhere, last) = self.everywhere.zip(self.last)?;
        (now - everywhere < FULL).then(|| now - last + UNSEEN)
    }
}

/// Stops and removes what is left over; how many environments had something.
pub(crate) async fn stop(app: &App, looked: &mut Looked) -> anyhow::Result<usize> {
    let now = Instant::now();
    let within = looked.within(now);
    let environments = match within {
        Some(within) => environment::changed(&app.pool, within).await?,
        None => environment::all(&app.pool).await?,
    };
    let mut found = 0;
    for environment in environments {
        found += usize::from(Box::pin(stop_in(app, &environment)).await?);
    }
    looked.last = Some(now);
    if within.is_none() {
        looked.everywhere = Some(now);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everything_is_looked_at_at_first_and_now_and_then() {
        let start = Instant::now();
        assert_eq!(Looked::default().within(start), None);
        let looked = Looked { everywhere: Some(start), last: Some(start) };
        let half = Duration::from_secs(30);
        assert_eq!(looked.within(start + half), Some(half + UNSEEN));
        assert_eq!(looked.within(start + FULL), None);
    }
}
