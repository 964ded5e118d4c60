//! Sinks: who is told what, and how it went.

use super::{last, table, time};
use chrono::{DateTime, Utc};
use proto::v1::{Sink, SinkTest};

/// Many sinks.
pub(crate) fn list(sinks: &[Sink], now: DateTime<Utc>) -> String {
    let head = ["SINK", "ON", "ENVIRONMENTS", "STATE", "WAITING", "LAST ATTEMPT", "LAST ERROR"];
    let mut table = table::Table::new(head, "nobody is told; write `notify` in slipway.yaml");
    for sink in sinks {
        let everywhere = sink.environments.is_empty();
        table.row([
            last(&sink.name).to_owned(),
            sink.on.join(", "),
            if everywhere { "all".to_owned() } else { sink.environments.join(", ") },
            sink.state.clone(),
            sink.waiting.to_string(),
            time::age(sink.last_attempt_time.as_ref(), now),
            sink.last_error.clone(),
        ]);
    }
    table.render()
}

/// What became of tests.
pub(crate) fn tests(tests: &[SinkTest]) -> String {
    if tests.is_empty() {
        return "nobody is told; write `notify` in slipway.yaml".to_owned();
    }
    let line = |test: &SinkTest| match test.error.as_str() {
        "" => format!("{}: the test arrived", last(&test.sink)),
        error => format!("{}: {error}", last(&test.sink)),
    };
    tests.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinks_are_listed_with_how_it_went() {
        let sink = Sink {
            name: "apps/shop/sinks/slack:SLACK_URL".to_owned(),
            on: vec!["failed".to_owned(), "drift".to_owned()],
            state: "active".to_owned(),
            waiting: 1,
            last_error: "the receiver answered 503 Service Unavailable".to_owned(),
            ..Sink::default()
        };
        insta::assert_snapshot!(list(&[sink], DateTime::UNIX_EPOCH), @r"
        SINK             ON             ENVIRONMENTS  STATE   WAITING  LAST ATTEMPT  LAST ERROR
        slack:SLACK_URL  failed, drift  all           active  1                      the receiver answered 503 Service Unavailable
        ");
    }

    #[test]
    fn a_test_says_whether_it_arrived() {
        let test = |error: &str| SinkTest {
            sink: "apps/shop/sinks/email:a@b.c".into(),
            error: error.into(),
        };
        let told = tests(&[test(""), test("send mail: hand it to the server")]);
        insta::assert_snapshot!(told, @r"
        email:a@b.c: the test arrived
        email:a@b.c: send mail: hand it to the server
        ");
    }
}
