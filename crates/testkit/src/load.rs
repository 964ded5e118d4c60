//! Users: constant load that counts every answer, by status and by version, and how long it took.

use crate::{Answer, Http};
use bytes::Bytes;
use hdrhistogram::Histogram;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Microseconds; a client gives up before.
const LONGEST: u64 = 150_000_000;

/// Between two requests of a steady user: often enough to notice every gap, and no work for a busy machine.
const STEADY: Duration = Duration::from_millis(20);

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
    /// When it did, and when something went wrong last.
    pub failing: Option<(Instant, Instant)>,
}

impl Report {
    fn new() -> Self {
        Self {
            sent: 0,
            by_status: BTreeMap::new(),
            by_version: BTreeMap::new(),
            latency: Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order"),
            first_failure: None,
            failing: None,
        }
    }

    /// Requests that were not answered with 2xx.
    pub fn failed(&self) -> u64 {
        let good = |status: &u16| (200..300).contains(status);
        self.by_status.iter().filter(|(status, _)| !good(status)).map(|(_, count)| count).sum()
    }

    /// How long some requests failed, from the first to the last that did.
    pub fn failing_for(&self) -> Duration {
        self.failing.map_or(Duration::ZERO, |(first, last)| last - first)
    }

    /// The latency below which `quantile` of the answers lie.
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(quantile))
    }

    fn count(&mut self, answer: &anyhow::Result<Answer>, took: Duration) {
        self.sent += 1;
        self.latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let (status, problem) = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => (answer.status, None),
            Ok(answer) => (answer.status, Some(format!("{} {}", answer.status, answer.text()))),
            Err(error) => (0, Some(format!("{error:#}"))),
        };
        *self.by_status.entry(status).or_default() += 1;
        if problem.is_some() {
            let now = Instant::now();
            self.failing = Some((self.failing.map_or(now, |(first, _)| first), now));
        }
        self.first_failure = self.first_failure.take().or(problem);
        if let Ok(answer) = answer
            && let Ok(body) = serde_json::from_slice::<Value>(&answer.body)
            && let Some(version) = body.get("version").and_then(Value::as_str)
        {
            *self.by_version.entry(version.to_owned()).or_default() += 1;
        }
    }
}

/// What users ask for, again and again.
#[derive(Debug, Clone)]
struct Question {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    /// One after the other, and from the first again.
    bodies: Arc<[Bytes]>,
}

/// Users that ask until they are stopped.
#[derive(Debug)]
pub struct Load {
    stop: CancellationToken,
    users: Vec<JoinHandle<()>>,
    report: Arc<Mutex<Report>>,
}

impl Load {
    /// Two users that ask for `/` and would notice it if it were not answered for a moment.
    pub fn steady(http: &Http) -> Self {
        Self::start(http, "/", 2, STEADY)
    }

    /// `users` users that ask for `path` one request after the other, with `pause` in between.
    pub fn start(http: &Http, path: &str, users: usize, pause: Duration) -> Self {
        let (path, bodies) = (path.to_owned(), [Bytes::new()].into());
        let question = Question { method: "GET", path, headers: vec![], bodies };
        Self::of(http, &question, users, pause)
    }

    /// The same with POST of `bodies` in turn; each user begins elsewhere.
    pub fn post(http: &Http, path: &str, bodies: &[Value], users: usize, pause: Duration) -> Self {
        let question = Question {
            method: "POST",
            path: path.to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            bodies: bodies.iter().map(|body| Bytes::from(body.to_string())).collect(),
        };
        Self::of(http, &question, users, pause)
    }

    fn of(http: &Http, question: &Question, users: usize, pause: Duration) -> Self {
        let stop = CancellationToken::new();
        let report = Arc::new(Mutex::new(Report::new()));
        let user = |number: usize| {
            let first = number * question.bodies.len() / users;
            let asked = (question.clone(), first);
            tokio::spawn(ask(http.clone(), asked, pause, stop.clone(), report.clone()))
        };
        let users = (0..users).map(user).collect();
        Self { stop, users, report }
    }

    /// What users got since the start or the last lap. They go on.
    pub fn lap(&self) -> Report {
        let mut report = self.report.lock().expect("no user panics");
        std::mem::replace(&mut report, Report::new())
    }

    /// Ends the load; what all users got together since the last lap.
    pub async fn stop(mut self) -> Report {
        self.stop.cancel();
        for user in std::mem::take(&mut self.users) {
            user.await.expect("a user does not panic");
        }
        self.lap()
    }
}

async fn ask(
    http: Http,
    (question, first): (Question, usize),
    pause: Duration,
    stop: CancellationToken,
    report: Arc<Mutex<Report>>,
) {
    let Question { method, path, headers, bodies } = question;
    for body in bodies.iter().cycle().skip(first) {
        if stop.is_cancelled() {
            return;
        }
        let started = Instant::now();
        let answer = http.send(method, &path, &headers, body.clone()).await;
        report.lock().expect("no user panics").count(&answer, started.elapsed());
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
