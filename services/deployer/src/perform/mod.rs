//! Does what a state wants. Each effect is idempotent, decides nothing, and may be dropped at any await.

mod cache;
mod certify;
mod detached;
mod held;
mod judge;
mod keep;
mod outpace;
mod prepare;
pub(crate) mod ready;
mod restore;
mod run_jobs;
mod settle;
mod shift;
mod start;
mod traffic;
mod verify;
mod verify_jobs;
mod warm;
mod watch;

pub(crate) use detached::{After, container_of, stop};

use crate::app::App;
use crate::db::release::Release;
use release::{Effect, Failure};

/// What came of an effect.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is done. Says what people want to know of it.
    Done(String),
    /// Its time is over, and it is neither done nor failed. Says what is known.
    Undecided(String),
    /// It cannot be done.
    Failed(Box<Failure>),
    /// It cannot be done now. Says why.
    Again(String),
}

impl Outcome {
    /// Cannot be done now, because of `error`.
    pub(crate) fn again(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Again(service::chain(error))
    }

    /// Cannot be done, because of `failure`.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// `1 image there`, `2 images there`.
fn counted(count: usize, what: &str, how: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural} {how}")
}

/// What came of it, for logs.
impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done(detail) | Self::Undecided(detail) => f.write_str(detail),
            Self::Failed(failure) => failure.fmt(f),
            Self::Again(why) => f.write_str(why),
        }
    }
}

/// Does `effect` for `release`.
pub(crate) async fn perform(app: &App, release: &Release, effect: Effect) -> Outcome {
    let outcome = match effect {
        Effect::Prepare => prepare::prepare(app, release).await,
        Effect::StartCandidate { stop_stable } => start::start(app, release, stop_stable).await,
        Effect::Shift { weight } => shift::shift(app, release, weight).await,
        Effect::Watch => watch::watch(app, release).await,
        Effect::Settle => settle::settle(app, release).await,
        Effect::RestoreTraffic => restore::traffic(app, release).await,
        Effect::RemoveCandidate => restore::remove_candidate(app, release).await,
        Effect::WarmUp => warm::warm(app, release).await,
        Effect::Verify => verify::verify(app, release).await,
        Effect::Judge { step } => judge::judge(app, release, step).await,
        Effect::RunJobs => run_jobs::run_jobs(app, release).await,
    };
    outcome.map_or_else(|stop| stop, Outcome::Done)
}
