//! Does something about differences, where the manifest or a person wants that: decides per instance, asks
//! the deployer, and notes on each finding what is done, or why nothing is.

use crate::app::App;
use crate::db;
use crate::db::repair::{Kind, Repair};
use crate::db::verdict::Verdict;
use crate::heal::{Attempt, Decision, Target, decide};
use crate::judge::{Heal, Known, State};
use crate::place::Place;
use crate::reason::Reason;
use crate::repair::{self, Asked};
use crate::say;
use chrono::{DateTime, TimeDelta, Utc};
use events::{InstanceId, ReleaseId, ServiceName};
use manifest::DriftMode;
use std::collections::{BTreeMap, BTreeSet};

/// How long the word of a person counts.
const ASKED: TimeDelta = TimeDelta::minutes(10);

/// Does what is to be done at `place`; true when it is to be looked at again soon.
pub(crate) async fn mend(app: &App, place: &Place) -> Result<bool, sqlx::Error> {
    let (open, ended) = repair::hear(app, place).await?;
    if ended {
        // What was found is of before the repair that just ended.
        return Ok(true);
    }
    let Some(verdict) = db::verdict::get(&app.pool, place).await? else { return Ok(false) };
    // What is not known now may have been repaired long ago.
    let is_known = !verdict.moving && verdict.state != State::Unknown;
    let Some(release) = verdict.release.filter(|_| is_known) else {
        return Ok(!open.is_empty());
    };
    let known = db::finding::of(&app.pool, place).await?;
    let mut busy: BTreeSet<ServiceName> = open.iter().map(|it| it.service.clone()).collect();
    let mut again = !open.is_empty();
    for (subject, findings) in by_subject(&known) {
        let Some(target) = target(&verdict, &findings, app.clock.now()) else { continue };
        let heal = match target {
            Wanted::Nothing => Heal::default(),
            Wanted::Heal(one) if open.iter().any(|it| is_it(&one, it)) => continue,
            Wanted::Heal(one) if busy.contains(&one.service) => Heal {
                reason: String::new(),
                message: "waits for another instance of the service: one at a time".to_owned(),
                failed: false,
            },
            Wanted::Heal(one) => {
                busy.insert(one.service.clone());
                let attempts = db::repair::attempts(&app.pool, place, release).await?;
                let before = &findings[0].heal;
                let (heal, soon) = act(app, place, (release, one, before), &attempts).await?;
                again |= soon;
                heal
            }
        };
        note(app, &verdict, subject, &heal).await?;
    }
    Ok(again)
}

/// Notes what is done about a subject; that it is not healed is told, once.
async fn note(app: &App, verdict: &Verdict, subject: &str, heal: &Heal) -> Result<(), sqlx::Error> {
    let place = &verdict.place;
    if !heal.failed {
        return db::finding::note_heal(&app.pool, place, subject, heal).await;
    }
    let mut transaction = app.pool.begin().await?;
    // Whoever looks meanwhile writes the findings anew.
    db::verdict::lock(&mut transaction, place).await?;
    let before = db::finding::of(&mut *transaction, place).await?;
    let is_news = |known: &Known| known.finding.subject == subject && !known.heal.failed;
    db::finding::note_heal(&mut *transaction, place, subject, heal).await?;
    if before.iter().any(is_news) {
        let known = db::finding::of(&mut *transaction, place).await?;
        say::detected(app, &mut transaction, verdict, &known).await?;
    }
    transaction.commit().await?;
    app.relay.notify_one();
    Ok(())
}

/// One thing to heal.
struct One {
    target: Target,
    service: ServiceName,
    replica: i32,
    instance: InstanceId,
    kind: Kind,
    message: String,
}

enum Wanted {
    /// Nobody wants it healed.
    Nothing,
    Heal(One),
}

fn by_subject(known: &[Known]) -> BTreeMap<&str, Vec<&Known>> {
    let mut grouped: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
    for known in known.iter().filter(|known| known.counts()) {
        grouped.entry(&known.finding.subject).or_default().push(known);
    }
    grouped
}

/// What is wanted about the findings of one subject; nothing is ever wanted about what is not ours.
fn target(verdict: &Verdict, findings: &[&Known], now: DateTime<Utc>) -> Option<Wanted> {
    let first = &findings.first()?.finding;
    if first.reason == Reason::Orphaned {
        return None;
    }
    let since = findings.iter().map(|known| known.first_seen).min();
    let asked_at = verdict.heal_asked_at.filter(|at| now - *at < ASKED && since <= Some(*at));
    if verdict.policy.runtime.mode != DriftMode::Heal && asked_at.is_none() {
        return Some(Wanted::Nothing);
    }
    let is_route = first.reason == Reason::Route;
    let routes = || ServiceName::parse("routes").ok();
    let service = if is_route { routes()? } else { first.service.clone()? };
    let replica = first.replica.unwrap_or(0);
    let target = Target {
        name: format!("{service}/{replica}"),
        reasons: findings.iter().map(|known| known.finding.reason).collect(),
        fingerprint: fingerprint(findings),
        with_data: verdict.policy.with_data.contains(&service),
        asked_at,
    };
    let messages = findings.iter().map(|known| known.finding.message.as_str());
    Some(Wanted::Heal(One {
        target,
        replica,
        instance: first.instance.unwrap_or_else(|| InstanceId::new(uuid::Uuid::nil())),
        kind: if is_route { Kind::Routes } else { Kind::Replace },
        message: messages.collect::<Vec<_>>().join("; "),
        service,
    }))
}

/// The same for the same difference, whatever its values.
fn fingerprint(findings: &[&Known]) -> String {
    let fields = findings.iter().flat_map(|known| {
        let reason = known.finding.reason.as_str();
        known.finding.fields.iter().map(move |diff| format!("{reason}:{}", diff.field))
    });
    fields.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",")
}

/// Whether `repair` is of this one; its note stays as it is.
fn is_it(one: &One, repair: &Repair) -> bool {
    repair.service == one.service && repair.replica == one.replica
}

async fn act(
    app: &App,
    place: &Place,
    (release, one, before): (ReleaseId, One, &Heal),
    attempts: &[Attempt],
) -> Result<(Heal, bool), sqlx::Error> {
    let now = app.clock.now();
    let last = attempts.iter().rev().find(|it| it.is_here && it.target == one.target.name);
    let failure = last.and_then(|last| last.failure.clone());
    match decide(&one.target, attempts, app.heal, now) {
        Decision::Heal => begin(app, place, (release, one), failure).await,
        Decision::Wait { until } => {
            let failed = failure.as_ref().is_some_and(|(code, _)| is_in_vain(code));
            let why = failure.map(|(code, why)| format!(", after {code}: {why}"));
            let why = why.unwrap_or_default();
            let message = format!("restored at {}{why}", until.format("%H:%M:%S UTC"));
            Ok((Heal { reason: "HEAL_PAUSE".to_owned(), message, failed }, true))
        }
        Decision::Withhold { reason, message } => {
            if before.reason != reason {
                tracing::warn!(app = %place.app, environment = %place.environment, target = one.target.name, reason, "not healed");
                app.metrics.withheld(reason);
            }
            Ok((Heal { reason: reason.to_owned(), message, failed: true }, false))
        }
    }
}

/// Whether a repair that ended with this code was tried in vain; else something else is done first.
fn is_in_vain(code: &str) -> bool {
    !matches!(code, "RELEASE_MOVES" | "REPAIR_GOES_ON")
}

async fn begin(
    app: &App,
    place: &Place,
    (release, one): (ReleaseId, One),
    failure: Option<(String, String)>,
) -> Result<(Heal, bool), sqlx::Error> {
    let written = Repair {
        id: service::new_id(),
        place: place.clone(),
        kind: one.kind,
        service: one.service,
        replica: one.replica,
        instance: one.instance,
        release,
        fingerprint: one.target.fingerprint,
        message: one.message,
        started_at: app.clock.now(),
    };
    let mut connection = app.pool.acquire().await?;
    db::repair::begin(&mut connection, &written).await?;
    drop(connection);
    tracing::info!(repair.id = %written.id, app = %place.app, environment = %place.environment, target = one.target.name, why = written.message, "what was released is restored");
    let (failed, (reason, message)) = match (repair::ask(app, &written).await?, failure) {
        (Asked::GoesOn, Some((reason, why))) => {
            let told = format!("being restored again; the last time: {why}");
            (is_in_vain(&reason), (reason, told))
        }
        (Asked::GoesOn, None) => (false, (String::new(), "being restored".to_owned())),
        (Asked::Done, _) => (false, (String::new(), "restored".to_owned())),
        (Asked::Refused(reason, message), _) => (is_in_vain(&reason), (reason, message)),
    };
    Ok((Heal { reason, message, failed }, true))
}
