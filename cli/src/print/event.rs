//! Events and log lines: one line each.

use super::{git_ref, short, time};
use proto::v1::{Event, WatchLogsResponse};
use serde_json::Value;

/// What stands above the events.
pub(crate) fn head() -> String {
    row(["SEQUENCE", "TIME", "EVENT", "WHERE", "WHAT"])
}

/// One event.
pub(crate) fn line(event: &Event) -> String {
    // What is no payload of ours is still shown.
    let data = serde_json::from_str(&event.data).unwrap_or(Value::Null);
    let place = match text(&data, "environment") {
        Some(environment) => format!("{}/{environment}", event.app),
        None => event.app.clone(),
    };
    let (sequence, at) = (event.sequence.to_string(), time::clock(event.time.as_ref()));
    row([&sequence, &at, &event.r#type, &place, &what(&data)])
}

fn row([sequence, at, event, place, what]: [&str; 5]) -> String {
    format!("{sequence:>8}  {at:20}  {event:22}  {place:20}  {what}").trim_end().to_owned()
}

/// What an event tells, by the fields its payload has: payloads share their names.
fn what(data: &Value) -> String {
    let number = data["number"].as_i64().map(|number| format!("#{number}"));
    let state = text(data, "state").map(|state| state.replace('_', " "));
    let named = |key: &str| text(data, key).map(str::to_owned);
    let cause = named("cause").map(|cause| match text(data, "by") {
        Some(by) => format!("{cause} by {by}"),
        None => cause,
    });
    let findings = data["findings"].as_array().into_iter().flatten();
    let parts =
        [number, state, source(data), cause, named("service"), reason(data), named("title")];
    let parts = parts.into_iter().flatten().chain(findings.filter_map(finding));
    parts.collect::<Vec<_>>().join("  ")
}

/// The commit, and where it is.
fn source(data: &Value) -> Option<String> {
    let commit = short(text(data, "commit")?);
    let at = text(data, "git_ref").map_or_else(String::new, |at| format!(" ({})", git_ref(at)));
    Some(format!("{commit}{at}"))
}

fn reason(data: &Value) -> Option<String> {
    let reason = text(data, "reason")?;
    let first = text(data, "message").and_then(|message| message.lines().next());
    Some(first.map_or_else(|| reason.to_owned(), |first| format!("{reason}: {first}")))
}

fn finding(finding: &Value) -> Option<String> {
    let service = text(finding, "service").map(|service| format!("{service} ")).unwrap_or_default();
    Some(format!("{service}{}", reason(finding)?))
}

fn text<'a>(data: &'a Value, key: &str) -> Option<&'a str> {
    data[key].as_str().filter(|text| !text.is_empty())
}

/// One line of an instance's output.
pub(crate) fn log(log: &WatchLogsResponse) -> String {
    let mark = if log.stderr { '!' } else { '|' };
    format!(
        "{} {}/{} {mark} {}",
        time::clock(log.time.as_ref()),
        log.service,
        log.instance,
        log.line
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sequence: u64, of: &str, data: &str) -> Event {
        Event {
            sequence,
            r#type: of.to_owned(),
            app: "shop".to_owned(),
            time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            data: data.to_owned(),
            ..Event::default()
        }
    }

    #[test]
    fn events_are_a_table() {
        let pushed = r#"{"git_ref": "refs/heads/main", "commit": "9f3c2a1b4d5e6f", "cause": "push",
            "by": "ada", "title": "Fix the price", "delivery": null}"#;
        let failed = r#"{"environment": "production", "number": 7, "state": "rolled_back",
            "reason": "ERROR_RATE", "message": "5 % of requests fail"}"#;
        let drift = r#"{"environment": "production", "findings": [
            {"service": "web", "reason": "MISSING", "message": "container web is gone"}]}"#;
        let lines = [
            head(),
            line(&event(12, "source.pushed", pushed)),
            line(&event(13, "release.rolled_back", failed)),
            line(&event(14, "drift.detected", drift)),
            line(&event(15, "from.tomorrow", "no JSON")),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        SEQUENCE  TIME                  EVENT                   WHERE                 WHAT
              12  2023-11-14 22:13:20Z  source.pushed           shop                  9f3c2a1b4d (main)  push by ada  Fix the price
              13  2023-11-14 22:13:20Z  release.rolled_back     shop/production       #7  rolled back  ERROR_RATE: 5 % of requests fail
              14  2023-11-14 22:13:20Z  drift.detected          shop/production       web MISSING: container web is gone
              15  2023-11-14 22:13:20Z  from.tomorrow           shop
        ");
    }
}
