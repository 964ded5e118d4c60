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
        Some("SCHEDULED") => scheduled(place, word("schedule")),
        Some("FAILED_DEPLOY") => When::at(word("on_failure")),
        _ => When::at(word("after_release")),
    };
    job(once, when, services, place, ledger)
}

fn scheduled(place: &Place<'_>, at: Word) -> When {
    let schedule = place.get("schedule");
    let word = |key| schedule.as_ref().and_then(|it| it.get(key)).and_then(|it| Word::of(&it));
    When { at, schedule: word("cron"), timezone: word("time_zone") }
}
