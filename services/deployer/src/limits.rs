//! How long each state of a release may last, from what the manifest says. Pure.

use manifest::{Resolved, ResolvedService, Strategy};
use release::Limits;
use std::time::Duration;

/// What a state may take beyond what its parts may: making containers, asking the router, writing rows.
const SLACK: Duration = Duration::from_mins(1);
/// How long a bake, or a held share of traffic, may wait for an engine that does not answer: a release that nobody could look at is not good.
pub(crate) const UNSEEN: Duration = Duration::from_mins(10);

/// The limits of a release of `resolved`.
pub(crate) fn limits(resolved: &Resolved) -> Limits {
    let services = || resolved.services.values();
    let longest =
        |of: fn(&ResolvedService) -> Duration| services().map(of).max().unwrap_or_default();
    let gate = longest(|service| service.health.gate.duration());
    let stopping = longest(|s| s.stop.drain.duration() + s.stop.grace.duration());
    let waiting = longest(|service| {
        service.depends_on.iter().map(|dependency| dependency.within.duration()).sum()
    });
    let warming = longest(|service| service.warmup.lasts.duration());
    let verifying: Duration = resolved.verify.iter().map(|asked| asked.within.duration()).sum();
    let usual = Limits::default();
    let hold = match &resolved.strategy {
        Strategy::Canary(canary) => canary.hold.duration() + UNSEEN,
        Strategy::BlueGreen | Strategy::Recreate | Strategy::Shadow(_) => usual.hold,
    };
    // A release that stops the old one first also waits for that; what is not found is asked twice.
    Limits {
        warm: usual.warm + warming,
        verify: usual.verify + 2 * verifying,
        hold,
        start: waiting + stopping + gate + SLACK,
        bake: resolved.bake.lasts.duration() + UNSEEN,
        settle: stopping + SLACK,
        undo: gate + 2 * stopping + SLACK,
        ..usual
    }
}
