//! When to look: at everything now and then, at a place when something happens there, and once more soon
//! when a look did not decide.

use crate::app::App;
use crate::engine::Happening;
use crate::look::{Looked, look};
use crate::place::Place;
use crate::{db, learn, mend, repair};
use futures_util::StreamExt;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// After something happens more happens: a look waits for it.
const SETTLE: Duration = Duration::from_millis(200);
/// When to look again at what one look did not decide. Longer than looks must be apart to count.
pub(crate) const AGAIN: Duration = Duration::from_secs(2);
/// When to listen to the engine again after it hung up.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// How long it is known what differed and what was repaired.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// Where something happened since the last look.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    places: Mutex<(BTreeSet<Place>, bool)>,
    wake: Notify,
}

impl Happened {
    /// Something happened at `place`.
    pub(crate) fn at(&self, place: Place) {
        self.places.lock().0.insert(place);
        self.wake.notify_one();
    }

    /// Anything may have happened anywhere.
    pub(crate) fn anywhere(&self) {
        self.places.lock().1 = true;
        self.wake.notify_one();
    }

    fn take(&self) -> (BTreeSet<Place>, bool) {
        std::mem::take(&mut *self.places.lock())
    }
}

/// Looks until `cancel`.
pub(crate) async fn run(app: Arc<App>, every: Duration, cancel: CancellationToken) {
    let mut everything_at = Instant::now();
    let mut undecided = BTreeSet::new();
    while !cancel.is_cancelled() {
        let (mut places, anywhere) = app.happened.take();
        if anywhere || Instant::now() >= everything_at {
            let (found, learned) = everything(&app).await;
            // A deployer that only just starts must not be waited for until the next round.
            everything_at = Instant::now() + if learned { every } else { every.min(AGAIN) };
            places.extend(found);
        } else {
            places.append(&mut undecided);
            learn_about(&app, &places).await;
        }
        undecided = look_at(&app, places).await;
        let again = Instant::now() + AGAIN;
        let next = if undecided.is_empty() { everything_at } else { everything_at.min(again) };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep_until(next) => {}
            () = app.happened.wake.notified() => tokio::time::sleep(SETTLE).await,
        }
    }
}

/// Listens to the engine until `cancel`.
pub(crate) async fn listen(app: Arc<App>, cancel: CancellationToken) {
    while !cancel.is_cancelled() {
        match app.engine.happenings().await {
            Ok(happenings) => {
                // What happened while nobody listened is not told.
                app.happened.anywhere();
                let each = happenings.for_each(async |happening| hear(&app, happening).await);
                tokio::select! { () = each => {}, () = cancel.cancelled() => {} }
            }
            Err(error) => app.health.report("engine", Err(service::chain(&error))),
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(LISTEN_AGAIN) => {}
        }
    }
}

async fn hear(app: &App, happening: Happening) {
    let place = match happening {
        Happening::At(place) => Some(place),
        Happening::To(container) => match db::instance::place_of(&app.pool, &container).await {
            Ok(place) => place,
            Err(_) => return app.happened.anywhere(),
        },
        Happening::Somewhere => return app.happened.anywhere(),
    };
    if let Some(place) = place {
        app.happened.at(place);
    }
}

/// Every place, and whether the deployer could be asked about them.
async fn everything(app: &App) -> (Vec<Place>, bool) {
    let answered = learn::all(app).await.map_err(|error| service::chain(&error));
    let learned = answered.is_ok();
    app.health.report("deployer", answered);
    for forgotten in
        [db::history::forget(&app.pool, KEPT).await, db::repair::forget(&app.pool, KEPT).await]
    {
        if let Err(error) = forgotten {
            tracing::debug!(%error, "what is old stays for now");
        }
    }
    let places = learn::places(app).await.unwrap_or_else(|error| {
        tracing::warn!(error = service::chain(&error), "nothing can be looked at");
        Vec::new()
    });
    (places, learned)
}

async fn learn_about(app: &App, places: &BTreeSet<Place>) {
    for place in places {
        let learned = learn::one(app, place).await.map_err(|error| service::chain(&error));
        app.health.report("deployer", learned);
    }
}

/// Looks at each place; returns where to look again soon.
async fn look_at(app: &App, places: BTreeSet<Place>) -> BTreeSet<Place> {
    let mut undecided = BTreeSet::new();
    for place in places {
        let looked = look(app, &place).await;
        app.metrics.looked(looked.is_ok(), app.clock.now());
        app.health
            .report("postgres", looked.as_ref().map(drop).map_err(|error| service::chain(error)));
        let soon = match looked {
            Ok(Looked::Gone) => Ok(false),
            Ok(Looked::Decided) => mend::mend(app, &place).await,
            // Nothing is begun in doubt, but what was begun ends.
            Ok(Looked::Undecided) => repair::hear(app, &place).await.map(|_| true),
            Err(_) => Ok(true),
        };
        let soon = soon.unwrap_or_else(|error| {
            tracing::warn!(%place, error = service::chain(&error), "nothing is healed now");
            true
        });
        if soon {
            undecided.insert(place);
        }
    }
    if let Ok(states) = db::verdict::count(&app.pool).await {
        app.metrics.environments(&states);
    }
    if let Ok(counts) = db::finding::count(&app.pool).await {
        app.metrics.findings(&counts);
    }
    undecided
}
