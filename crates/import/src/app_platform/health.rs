//! Health checks with their timings.

use crate::form::{Ask, Probe};
use crate::ledger::Ledger;
use crate::place::Place;
use crate::tree::Word;

/// What App Platform does where nothing is written, and the manifest would do otherwise.
type Defaults = [(&'static str, &'static str); 3];
/// Of `health_check`.
pub(super) const READY: Defaults = [("period", "10s"), ("timeout", "1s"), ("failures", "9")];
/// Of `liveness_health_check`.
pub(super) const LIVE: Defaults = [("period", "10s"), ("timeout", "1s"), ("failures", "18")];

/// The check at `place`, of a component that serves `port`.
pub(super) fn probe(
    place: &Place<'_>,
    port: Option<&Word>,
    defaults: Defaults,
    ledger: &mut Ledger,
) -> Option<Probe> {
    let own_port = place.get("port").and_then(|place| Word::of(&place));
    let path = place.get("http_path").and_then(|place| Word::of(&place));
    let ask = match (path, own_port, port) {
        (Some(path), port, _) => Ask::Get { path, port },
        (None, Some(port), _) => Ask::Tcp(port),
        (None, None, Some(port)) => Ask::Tcp(Word::new(port.text.clone())),
        (None, None, None) => {
            ledger.left(place, "there is no port to ask", "write a probe under `health`");
            return None;
        }
    };
    let mut probe = Probe::new(ask);
    probe.initial_delay = seconds(place, "initial_delay_seconds");
    probe.period = seconds(place, "period_seconds");
    probe.timeout = seconds(place, "timeout_seconds");
    probe.successes = place.get("success_threshold").and_then(|place| Word::of(&place));
    probe.failures = place.get("failure_threshold").and_then(|place| Word::of(&place));
    let mut written = Vec::new();
    for (key, value) in defaults {
        let slot = match key {
            "period" => &mut probe.period,
            "timeout" => &mut probe.timeout,
            _ => &mut probe.failures,
        };
        if slot.is_none() {
            *slot = Some(Word::new(value));
            written.push(format!("{key}: {value}"));
        }
    }
    if !written.is_empty() {
        let why = format!("the defaults of App Platform are written out: {}", written.join(", "));
        ledger.added(place, why, "leave them out to have those of the manifest");
    }
    Some(probe)
}

/// A number of seconds as a duration.
pub(super) fn seconds(place: &Place<'_>, key: &str) -> Option<Word> {
    let place = place.get(key)?;
    let text = place.text()?;
    Some(Word::from(crate::amount::duration(text).unwrap_or_else(|| text.to_owned()), &place))
}
