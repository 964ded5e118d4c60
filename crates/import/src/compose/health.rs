//! `healthcheck`, with its timings.

use crate::amount;
use crate::form::{Ask, Probe, Service};
use crate::ledger::{Ledger, NOTHING};
use crate::place::Place;
use crate::probe;
use crate::tree::Word;

/// What Docker does where nothing is written, and the manifest would do otherwise.
const DEFAULT_INTERVAL: &str = "30s";
const DEFAULT_TIMEOUT: &str = "30s";

/// Gives `service` its probe.
pub(super) fn read(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    let Some(check) = place.get("healthcheck") else { return };
    let off = check.get("disable").is_some_and(|disable| disable.is("true"));
    let test = check.get("test");
    let none = test.as_ref().is_some_and(|test| {
        test.is("NONE") || test.items().first().is_some_and(|first| first.is("NONE"))
    });
    if off || none {
        let why = "a service without a probe is ready when its port answers";
        ledger.left(&check, why, NOTHING);
        return;
    }
    let Some(test) = test else {
        let why = "it changes a check of the image, which is not known here";
        ledger.left(&check, why, "write the probe under `health`");
        return;
    };
    let port = service.http.as_ref().map(|http| http.port.text.clone());
    let Some(ask) = ask(&test, port.as_deref()) else {
        ledger.left(&check, "the check has no command", "write the probe under `health`");
        return;
    };
    let mut probe = Probe::new(ask);
    probe.period = span(&check, "interval").or_else(|| Some(Word::new(DEFAULT_INTERVAL)));
    probe.timeout = span(&check, "timeout").or_else(|| Some(Word::new(DEFAULT_TIMEOUT)));
    probe.failures = check.get("retries").and_then(|retries| Word::of(&retries));
    if check.get("interval").is_none() || check.get("timeout").is_none() {
        let why = "the defaults of Docker, 30s, are written out";
        ledger.added(&check, why, "leave them out to have those of the manifest");
    }
    service.start_period = span(&check, "start_period");
    if let Some(interval) = check.get("start_interval") {
        ledger.left(&interval, "a candidate is asked every second", NOTHING);
    }
    service.ready = Some(probe);
}

fn ask(test: &Place<'_>, port: Option<&str>) -> Option<Ask> {
    if let Some(line) = test.text() {
        return Some(probe::of_line(line, port, test));
    }
    let words: Vec<_> = test.items().iter().filter_map(Place::text).map(str::to_owned).collect();
    let (kind, rest) = words.split_first()?;
    match kind.as_str() {
        _ if rest.is_empty() => None,
        "CMD-SHELL" => Some(probe::of_line(&rest.join(" "), port, test)),
        "CMD" => Some(probe::of_command(rest.to_vec(), port, test)),
        _ => None,
    }
}

fn span(check: &Place<'_>, key: &str) -> Option<Word> {
    let place = check.get(key)?;
    let text = place.text()?;
    Some(Word::from(amount::duration(text).unwrap_or_else(|| text.to_owned()), &place))
}
