//! The output of instances, by the time of the last line of each. Times say where it goes on but not exactly: lines
//! may have the same time, and of what an instance writes to its two outputs neither waits for the other.

use super::Resumable;
use crate::client::Authorised;
use chrono::{DateTime, Utc};
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{WatchLogsRequest, WatchLogsResponse};
use std::collections::HashMap;
use tonic::{Request, Response, Status, Streaming};

/// The output of instances: of a release until they end, of what is live in an environment for ever.
#[derive(Debug)]
pub(crate) struct Logs {
    question: WatchLogsRequest,
    /// By instance, and whether it is what that writes to stderr.
    outputs: HashMap<(String, bool), Output>,
}

impl Logs {
    pub(crate) fn of(question: WatchLogsRequest) -> Self {
        Self { question, outputs: HashMap::new() }
    }
}

impl Resumable for Logs {
    type Question = WatchLogsRequest;
    type Answer = WatchLogsResponse;

    async fn call(
        channel: Authorised,
        request: Request<WatchLogsRequest>,
    ) -> Result<Response<Streaming<WatchLogsResponse>>, Status> {
        ReleaseServiceClient::new(channel).watch_logs(request).await
    }

    fn question(&mut self) -> WatchLogsRequest {
        let mut last = HashMap::new();
        for ((instance, _), output) in &mut self.outputs {
            output.again = Some(0);
            let known = last.entry(instance.clone()).or_insert(output.last);
            *known = output.last.max(*known);
        }
        let known = last.into_iter().map(|(instance, at)| (instance, proto::time::timestamp(at)));
        WatchLogsRequest { known: known.collect(), ..self.question.clone() }
    }

    fn is_new(&mut self, answer: &WatchLogsResponse) -> bool {
        let Some(at) = answer.time.as_ref().and_then(proto::time::from_timestamp) else {
            return true;
        };
        let first = Output { last: at, lines: 0, again: None };
        self.outputs.entry((answer.instance.clone(), answer.stderr)).or_insert(first).is_new(at)
    }

    fn ends(&self) -> bool {
        !self.question.follow || self.question.name.contains("/releases/")
    }
}

/// Where one output of an instance has come to.
#[derive(Debug)]
struct Output {
    last: DateTime<Utc>,
    /// How many lines of that very time there were.
    lines: usize,
    /// How many of these came again on this stream; nothing once it is past them.
    again: Option<usize>,
}

impl Output {
    fn is_new(&mut self, at: DateTime<Utc>) -> bool {
        if let Some(again) = self.again {
            if at < self.last {
                return false;
            }
            if at == self.last && again < self.lines {
                self.again = Some(again + 1);
                return false;
            }
            self.again = None;
        }
        self.lines = if at == self.last { self.lines + 1 } else { 1 };
        self.last = at;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(instance: &str, stderr: bool, nanos: i32) -> WatchLogsResponse {
        let time = Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos });
        WatchLogsResponse { instance: instance.to_owned(), stderr, time, ..Default::default() }
    }

    fn following(name: &str) -> Logs {
        Logs::of(WatchLogsRequest { name: name.to_owned(), follow: true, ..Default::default() })
    }

    #[test]
    fn what_comes_again_on_the_next_stream_is_not_new() {
        let mut logs = following("apps/shop/environments/production");
        assert!(logs.question().known.is_empty());
        // Twice the same time, and an error that was overtaken.
        let first = [line("a", false, 7), line("a", false, 9), line("a", false, 9)];
        let first = [&first[..], &[line("a", true, 8), line("b", false, 1)]].concat();
        assert!(first.iter().all(|line| logs.is_new(line)));
        let known = logs.question().known;
        assert_eq!((known["a"].nanos, known["b"].nanos), (9, 1));
        assert!(!first.iter().any(|line| logs.is_new(line)));
        let news = [line("a", false, 9), line("a", true, 9), line("c", false, 2)];
        assert!(news.iter().all(|line| logs.is_new(line)));
    }

    #[test]
    fn a_clock_that_is_set_back_hides_nothing() {
        let mut logs = following("apps/shop/environments/production");
        assert!([9, 3, 4].iter().all(|nanos| logs.is_new(&line("a", false, *nanos))));
    }

    #[test]
    fn a_release_ends_and_an_environment_does_not() {
        assert!(following("apps/shop/environments/production/releases/7").ends());
        assert!(!following("apps/shop/environments/production").ends());
    }
}
