//! One look at one place: what the engine says, what that means, and what is told of it, in one transaction.

use crate::app::App;
use crate::db::instance::Remembered;
use crate::db::verdict::Verdict;
use crate::diff::{self, Wanted, diff};
use crate::exit::{self, KnownExit};
use crate::judge::{self, News, State, judge};
use crate::observed::{Observed, Process};
use crate::place::Place;
use crate::{db, say};
use events::ReleaseId;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// What became of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    /// There is a verdict.
    Decided,
    /// Another look soon may change it.
    Undecided,
    /// There is no such place any more.
    Gone,
}

/// What the engine shows of a place.
struct Seen {
    observed: Vec<Observed>,
    /// Releases that exist, of those named by labels.
    known: BTreeSet<ReleaseId>,
}

/// Looks at `place`, judges, and tells what is new.
pub(crate) async fn look(app: &App, place: &Place) -> Result<Looked, sqlx::Error> {
    let remembered = db::instance::of(&app.pool, place).await?;
    let seen = see(app, place, &remembered).await;
    let mut transaction = app.pool.begin().await?;
    let Some(verdict) = db::verdict::lock(&mut transaction, place).await? else {
        return Ok(Looked::Gone);
    };
    if db::instance::of(&mut *transaction, place).await? != remembered {
        // Something else is expected by now; what was seen is compared with nothing.
        return Ok(Looked::Undecided);
    }
    let looked = decide(app, &mut transaction, &verdict, &remembered, seen).await?;
    transaction.commit().await?;
    app.relay.notify_one();
    Ok(looked)
}

async fn see(app: &App, place: &Place, remembered: &[Remembered]) -> Option<Seen> {
    let names = remembered.iter().map(|it| it.instance.container_name.as_str());
    let ids = remembered.iter().map(|it| it.instance.container_id.as_str());
    let also: Vec<&str> = names.chain(ids).collect();
    let fingerprint = |value: &str| app.fingerprint(value);
    match app.engine.observe(place, &also, &fingerprint).await {
        Ok(observed) => {
            app.health.report("engine", Ok(()));
            let known = app.existing(observed.iter().filter_map(|it| it.release)).await;
            Some(Seen { observed, known })
        }
        Err(error) => {
            app.health.report("engine", Err(service::chain(&error)));
            None
        }
    }
}

async fn decide(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    remembered: &[Remembered],
    seen: Option<Seen>,
) -> Result<Looked, sqlx::Error> {
    let (place, now) = (&verdict.place, app.clock.now());
    let Some(seen) = seen.filter(|_| !verdict.moving) else {
        let state = if verdict.moving { State::Converging } else { State::Unknown };
        db::verdict::write(connection, place, state, now).await?;
        return Ok(Looked::Decided);
    };
    notice(app, connection, verdict, remembered, &seen.observed).await?;
    let wanted: Vec<Wanted> = remembered.iter().map(wanted).collect();
    let before = db::finding::of(&mut *connection, place).await?;
    let judged = judge(&before, diff(&wanted, &seen.observed, &seen.known), now);
    db::finding::replace(connection, place, &judged.known).await?;
    db::verdict::write(connection, place, judge::state(&judged.known), now).await?;
    match judged.news {
        News::Nothing => {}
        News::Detected => say::detected(app, connection, verdict, &judged.known).await?,
        News::Cleared => say::cleared(app, connection, verdict).await?,
    }
    let undecided = judge::is_undecided(&judged.known);
    Ok(if undecided { Looked::Undecided } else { Looked::Decided })
}

fn wanted(remembered: &Remembered) -> Wanted {
    let image = remembered.baseline.as_ref().map(|baseline| baseline.image.clone());
    Wanted { instance: remembered.instance.clone(), image }
}

/// Keeps how each instance was when it was first seen, and tells of those that exited since.
async fn notice(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    remembered: &[Remembered],
    found: &[Observed],
) -> Result<(), sqlx::Error> {
    for Remembered { instance, baseline, exit: known } in remembered {
        let Some(observed) = diff::place_of(instance, found) else { continue };
        let itself = observed.container_id == instance.container_id;
        if baseline.is_none() && itself {
            // One that is down when it is first seen exits after it was known.
            let exit = observed.exit.as_ref().filter(|_| observed.process == Process::Running);
            let known = KnownExit { at: exit.map(|exit| exit.at), restarts: observed.restarts };
            db::instance::keep_baseline(connection, instance.id, &observed.baseline, known).await?;
        } else if let Some(news) = exit::news(*known, observed).filter(|_| itself) {
            let known = KnownExit { at: Some(news.at), restarts: observed.restarts };
            db::instance::keep_exit(connection, instance.id, known).await?;
            say::crashed(app, connection, verdict, instance, news).await?;
        }
    }
    Ok(())
}
