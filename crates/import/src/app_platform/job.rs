//! Jobs: before, after and instead of a release, and by the clock.

use crate::form::{Job, Service};
use crate::ledger::Ledger;
use crate::once::{When, job};
use crate::place::Place;
use crate::tree::Word;

/// The job at `place`, which was read as `once`.
pub(super) fn read(
    place: &Place<'_>,
    once: Service,
    services: &mut [Service],
    ledger: &mut Ledger,
) -> Option<Job> {
    let kind = place.get("kind");
    let word = |at| kind.as_ref().map_or_else(|| Word::new(at), |kind| Word::from(at, kind));
    let when = match kind.as_ref().and_then(Place::text) {
        Some("PRE_DEPLOY") => When::at(word("before_release")),
        Some("SCHEDULED") => scheduled(place, word("schedule"), ledger),
        Some("FAILED_DEPLOY") => {
            let help = "run it by hand, or be told of failures with `notify`";
            if let Some(kind) = &kind {
                ledger.changed(kind, "no job runs because a release failed", help);
            }
            When::at(word("manual"))
        }
        _ => When::at(word("after_release")),
    };
    job(once, when, services, place, ledger)
}

fn scheduled(place: &Place<'_>, at: Word, ledger: &mut Ledger) -> When {
    let schedule = place.get("schedule");
    let zone = schedule.as_ref().and_then(|schedule| schedule.get("time_zone"));
    if let Some(zone) = zone {
        if zone.is("UTC") {
            ledger.changed(&zone, "schedules are in UTC", crate::ledger::NOTHING);
        } else {
            ledger.left(&zone, "schedules are in UTC", "change the hours of the schedule");
        }
    }
    let cron = schedule.and_then(|schedule| schedule.get("cron"));
    When { at, schedule: cron.and_then(|cron| Word::of(&cron)) }
}
