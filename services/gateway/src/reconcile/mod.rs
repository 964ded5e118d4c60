//! Looks at the remote heads: now and then, after a start, and when a webhook hints at something it does
//! not say. A push whose webhook never came is found here.

mod compare;
mod look;

pub(crate) use look::remote;

use crate::app::App;
use crate::db;
use events::AppName;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// A ref is left alone this long after it moved; less when looks are more frequent.
const SETTLE: Duration = Duration::from_secs(30);
/// Remotes looked at together.
const TOGETHER: usize = 4;
/// Apps read at once.
const PAGE: i64 = 500;

/// Apps whose remote is to be looked at soon.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    asked: Mutex<BTreeSet<AppName>>,
    later: Mutex<BTreeSet<AppName>>,
    wake: Notify,
}

impl Looks {
    /// Asks for a look at the remote of `app`.
    pub(crate) fn ask(&self, app: &AppName) {
        self.asked.lock().insert(app.clone());
        self.wake.notify_one();
    }

    /// Asks for a look at the remote of `app` once what moved a moment ago has settled.
    fn ask_later(&self, app: &AppName) {
        self.later.lock().insert(app.clone());
    }

    /// What was asked for, with what has settled.
    fn take(&self, settled: bool) -> Vec<AppName> {
        let mut asked = std::mem::take(&mut *self.asked.lock());
        if settled {
            asked.append(&mut self.later.lock());
        }
        asked.into_iter().collect()
    }
}

/// Which remotes a round looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    All,
    Settled,
    Asked,
}

/// Looks until `cancel`.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let settle = SETTLE.min(app.config.reconcile_every);
    let (mut every, mut settled) = (ticks(app.config.reconcile_every), ticks(settle));
    loop {
        let which = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            _ = every.tick() => Round::All,
            _ = settled.tick() => Round::Settled,
            () = app.looks.wake.notified() => Round::Asked,
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            () = round(&app, which, settle) => {}
        }
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn round(app: &App, which: Round, settle: Duration) {
    let asked = app.looks.take(which == Round::Settled);
    let names = if which == Round::All { every_app(app).await } else { asked };
    stream::iter(names)
        .for_each_concurrent(TOGETHER, |name| async move { look::look(app, &name, settle).await })
        .await;
}

async fn every_app(app: &App) -> Vec<AppName> {
    let mut names: Vec<AppName> = Vec::new();
    loop {
        let after = names.last().map(AppName::as_str);
        match db::app::list(&app.pool, None, after, PAGE).await {
            Ok(page) if page.is_empty() => return names,
            Ok(page) => names.extend(page.into_iter().map(|app| app.name)),
            Err(error) => {
                tracing::warn!(error = service::chain(&error), "list the apps to look at");
                return names;
            }
        }
    }
}
