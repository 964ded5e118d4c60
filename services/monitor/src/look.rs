//! One look at one place: what the engine says, what that means, and what is told of it, in one transaction.

use crate::app::App;
use crate::baseline::Baseline;
use crate::db::history::Outcome;
use crate::db::instance::Remembered;
use crate::db::verdict::Verdict;
use crate::diff::{self, Finding, Wanted, diff};
use crate::exit::{self, KnownExit};
use crate::judge::{self, Known, News, State, judge};
use crate::observed::{Observed, Process};
use crate::place::Place;
use crate::reason::Reason;
use crate::{cause, db, routes, say};
use events::{InstanceId, ReleaseId};
use manifest::DriftMode;
use proto::v1::RouteTable;
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

/// What the engine and the router show of a place.
struct Seen {
    observed: Vec<Observed>,
    /// The router's table, while it answers.
    table: Option<RouteTable>,
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
            Some(Seen { observed, known, table: app.router.table().await })
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
    // What is being repaired is neither well nor ill.
    let open = db::repair::open(&mut *connection, Some(place)).await?;
    let busy: BTreeSet<InstanceId> = open.iter().map(|repair| repair.instance).collect();
    let calm: Vec<&Remembered> =
        remembered.iter().filter(|it| !busy.contains(&it.instance.id)).collect();
    notice(app, connection, verdict, &calm, &seen.observed).await?;
    let before = db::finding::of(&mut *connection, place).await?;
    let found = if verdict.policy.runtime.mode == DriftMode::Off {
        Vec::new()
    } else {
        differences(verdict, &calm, &seen, busy.is_empty())
    };
    let judged = judge(&before, &busy, found, verdict.release_number, now);
    keep_history(app, connection, verdict, (&before, &judged.known)).await?;
    db::finding::replace(connection, place, &judged.known).await?;
    let state = match verdict.policy.runtime.mode {
        DriftMode::Off => State::Ignored,
        DriftMode::Notify | DriftMode::Heal => judge::state(&judged.known),
    };
    db::verdict::write(connection, place, state, now).await?;
    tell(app, connection, verdict, (&before, &judged.known), judged.news).await?;
    Ok(if judged.is_undecided { Looked::Undecided } else { Looked::Decided })
}

async fn tell(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    (before, after): (&[Known], &[Known]),
    news: News,
) -> Result<(), sqlx::Error> {
    match news {
        News::Nothing => Ok(()),
        News::Detected => say::detected(app, connection, verdict, after).await,
        News::Cleared => {
            let told = before.iter().filter(|known| known.announced);
            let since = told.map(|known| known.first_seen).min().unwrap_or_else(|| app.clock.now());
            let place = &verdict.place;
            let healed = db::repair::succeeded_since(&mut *connection, place, None, since).await?;
            say::cleared(app, connection, verdict, healed).await
        }
    }
}

/// Everything that differs at the place, of what is not being repaired.
fn differences(
    verdict: &Verdict,
    calm: &[&Remembered],
    seen: &Seen,
    is_quiet: bool,
) -> Vec<Finding> {
    let wanted: Vec<Wanted> = calm.iter().map(|remembered| wanted(remembered)).collect();
    let mut findings = diff(&verdict.place, &wanted, &seen.observed, &seen.known);
    if is_quiet {
        findings.extend(routed(verdict, &wanted, seen));
    }
    let runtime = &verdict.policy.runtime;
    diff::ignore(&mut findings, |service, field| runtime.ignores(service, field));
    findings
}

/// Whether the router sends requests where they belong.
fn routed(verdict: &Verdict, wanted: &[Wanted], seen: &Seen) -> Option<Finding> {
    let (release, table) = (verdict.release?, seen.table.as_ref()?);
    let instances: Vec<_> = wanted.iter().map(|wanted| wanted.instance.clone()).collect();
    let found = (instances.as_slice(), seen.observed.as_slice());
    let fields = routes::compare(&verdict.policy.routes, release, found, table);
    let first = fields.first()?;
    let place = format!("{} {}", verdict.place.app, verdict.place.environment);
    Some(Finding {
        subject: "routes".to_owned(),
        reason: Reason::Route,
        service: None,
        instance: None,
        replica: None,
        message: format!(
            "the router's table {} differs: {} is {}",
            table.generation,
            first.field,
            if first.now.is_empty() { "not there" } else { &first.now }
        ),
        cause: "an instance got another address, or somebody else gave the router a table"
            .to_owned(),
        next: cause::next(Reason::Route, &place, ""),
        fields,
        ignored: false,
    })
}

/// What was told and does not differ any more.
async fn keep_history(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    (before, after): (&[Known], &[Known]),
) -> Result<(), sqlx::Error> {
    let is_same = |a: &Finding, b: &Finding| a.subject == b.subject && a.reason == b.reason;
    let place = &verdict.place;
    for known in before.iter().filter(|known| known.announced) {
        let finding = &known.finding;
        if after.iter().any(|still| is_same(&still.finding, finding)) {
            continue;
        }
        let (service, since) = (finding.service.as_ref(), known.first_seen);
        let outcome = if known.release_number != verdict.release_number {
            Outcome::Released
        } else if db::repair::succeeded_since(&mut *connection, place, service, since).await? {
            Outcome::Healed
        } else {
            Outcome::Cleared
        };
        db::history::keep(connection, place, known, (outcome, app.clock.now())).await?;
    }
    Ok(())
}

fn wanted(remembered: &Remembered) -> Wanted {
    Wanted {
        instance: remembered.instance.clone(),
        released: remembered.released.clone(),
        baseline: remembered.baseline.clone(),
    }
}

/// Keeps how each instance was when it was first seen, and tells of those that exited since.
async fn notice(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    calm: &[&Remembered],
    found: &[Observed],
) -> Result<(), sqlx::Error> {
    for Remembered { instance, baseline, exit: known, .. } in calm {
        let Some(observed) = diff::place_of(instance, found) else { continue };
        let itself = observed.container_id == instance.container_id;
        if baseline.is_none() && itself {
            // One that is down when it is first seen exits after it was known.
            let exit = observed.exit.as_ref().filter(|_| observed.process == Process::Running);
            let known = KnownExit { at: exit.map(|exit| exit.at), restarts: observed.restarts };
            let baseline = Baseline::of(observed, &instance.digest);
            db::instance::keep_baseline(connection, instance.id, &baseline, known).await?;
        } else if let Some(news) = exit::news(*known, observed).filter(|_| itself) {
            let known = KnownExit { at: Some(news.at), restarts: observed.restarts };
            db::instance::keep_exit(connection, instance.id, known).await?;
            say::crashed(app, connection, verdict, instance, news).await?;
        }
    }
    Ok(())
}
