//! Users: constant load that counts every answer, by status and by version, and how long it took.

use crate::Http;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What users got.
#[derive(Debug)]
pub struct Report {
    /// Requests sent.
    pub sent: u64,
    /// Answers by status; 0 where there was no answer.
    pub by_status: BTreeMap<u16, u64>,
    /// Answers by the `version` in their JSON body.
    pub by_version: BTreeMap<String, u64>,
    /// Microseconds until the answer was read.
    pub latency: Histogram<u64>,
    /// What went wrong first.
    pub first_failure: Option<String>,
}

impl Report {
    fn new() -> Self {
        Self {
            sent: 0,
            by_status: BTreeMap::new(),
            by_version: BTreeMap::new(),
            latency: Histogram::new(3).expect("three digits are possible"),
            first_failure: None,
        }
    }

    /// Requests that were not answered with 2xx.
    pub fn failed(&self) -> u64 {
        let good = |status: &u16| (200..300).contains(status);
        self.by_status.iter().filter(|(status, _)| !good(status)).map(|(_, count)| count).sum()
    }

    /// The latency below which `quantile` of the answers lie.
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(quantile))
    }

    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        for (status, count) in other.by_status {
            *self.by_status.entry(status).or_default() += count;
        }
        for (version, count) in other.by_version {
            *self.by_version.entry(version).or_default() += count;
        }
        self.latency.add(other.latency).expect("the same digits");
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }
}

/// Users that ask until they are stopped.
#[derive(Debug)]
pub struct Load {
    stop: CancellationToken,
    users: Vec<JoinHandle<Report>>,
}

impl Load {
    /// `users` users that ask for `path` one request after the other, with `pause` in between.
    pub fn start(http: &Http, path: &str, users: usize, pause: Duration) -> Self {
        let stop = CancellationToken::new();
        let users = (0..users)
            .map(|_| tokio::spawn(ask(http.clone(), path.to_owned(), pause, stop.clone())))
            .collect();
        Self { stop, users }
    }

    /// Ends the load; what all users got together.
    pub async fn stop(self) -> Report {
        self.stop.cancel();
        let mut report = Report::new();
        for user in self.users {
            report.add(user.await.expect("a user does not panic"));
        }
        report
    }
}

async fn ask(http: Http, path: String, pause: Duration, stop: CancellationToken) -> Report {
    let mut report = Report::new();
    while !stop.is_cancelled() {
        let started = Instant::now();
        let answer = http.get(&path).await;
        let took = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        report.sent += 1;
        report.latency.saturating_record(took);
        let (status, problem) = match &answer {
            Ok(answer) if (200..300).contains(&answer.status) => (answer.status, None),
            Ok(answer) => (answer.status, Some(format!("{} {}", answer.status, answer.text()))),
            Err(error) => (0, Some(format!("{error:#}"))),
        };
        *report.by_status.entry(status).or_default() += 1;
        report.first_failure = report.first_failure.take().or(problem);
        if let Ok(answer) = &answer
            && let Ok(body) = serde_json::from_slice::<serde_json::Value>(&answer.body)
            && let Some(version) = body.get("version").and_then(serde_json::Value::as_str)
        {
            *report.by_version.entry(version.to_owned()).or_default() += 1;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    report
}
