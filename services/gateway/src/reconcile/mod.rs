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
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Remotes looked at together.
const TOGETHER: usize = 4;
/// Apps read at once.
const PAGE: i64 = 500;

/// Apps whose remote is to be looked at soon.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    asked: Mutex<BTreeSet<AppName>>,
    wake: Notify,
}

impl Looks {
    /// Asks for a look at the remote of `app`.
    pub(crate) fn ask(&self, app: &AppName) {
        self.asked.lock().insert(app.clone());
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<AppName> {
        std::mem::take(&mut *self.asked.lock()).into_iter().collect()
    }
}

/// Looks until `cancel`.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let mut every = tokio::time::interval(app.config.reconcile_every);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let all = tokio::select! {
            () = cancel.cancelled() => return,
            _ = every.tick() => true,
            () = app.looks.wake.notified() => false,
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            () = round(&app, all) => {}
        }
    }
}

async fn round(app: &App, all: bool) {
    let asked = app.looks.take();
    let names = if all { every_app(app).await } else { asked };
    stream::iter(names)
        .for_each_concurrent(TOGETHER, |name| async move { look::look(app, &name).await })
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
