//! GitHub, many times at once: signed pushes of real shape over connections that stay open.

use super::program::SECRET;
use anyhow::{Context, Result};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use testkit::webhook::Delivery;
use tokio::net::TcpStream;
use tokio::time::Instant;
use uuid::Uuid;

/// Branches that each connection pushes to in turn.
const BRANCHES: usize = 32;
const FROM: &str = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
const REF: &str = "refs/heads/master";

/// A push as GitHub sends it: 8 KB.
pub(super) fn sample() -> String {
    let pretty = include_str!("../../../services/gateway/tests/data/push.4.json");
    let value: serde_json::Value = serde_json::from_str(pretty).expect("a sample is JSON");
    value.to_string()
}

/// Where to and over how many connections.
pub(super) struct Load {
    pub address: SocketAddr,
    pub connections: u32,
}

/// What became of the deliveries.
pub(super) struct Taken {
    pub accepted: u32,
    pub refused: u32,
    latency: Histogram<u64>,
}

impl Taken {
    fn new() -> Self {
        let latency =
            Histogram::new_with_bounds(1, 60_000_000, 3).expect("three digits are possible");
        Self { accepted: 0, refused: 0, latency }
    }

    fn count(&mut self, status: StatusCode, took: Duration) {
        if status == StatusCode::ACCEPTED {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        self.latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// The time to an answer that `quantile` of the deliveries had.
    pub(super) fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(quantile))
    }

    /// The times to an answer, for people.
    pub(super) fn quantiles(&self) -> String {
        let at = |quantile| self.quantile(quantile);
        format!("p50 {:.1?}  p99 {:.1?}  max {:.1?}", at(0.5), at(0.99), at(1.0))
    }
}

impl Load {
    /// As many as get through: each connection sends the next when it has the answer.
    pub(super) async fn closed(&self, time: Duration) -> Result<Taken> {
        let end = Instant::now() + time;
        self.all(move |_, mut connection| async move {
            let mut taken = Taken::new();
            while Instant::now() < end {
                let sent = Instant::now();
                let status = connection.push().await?;
                taken.count(status, sent.elapsed());
            }
            Ok(taken)
        })
        .await
    }

    /// `rate` per second whatever the answers take; the time counts from when a delivery was due.
    pub(super) async fn paced(&self, rate: f64, time: Duration) -> Result<Taken> {
        let (start, connections) = (Instant::now(), self.connections);
        let every = Duration::from_secs_f64(f64::from(connections) / rate);
        self.all(move |index, mut connection| async move {
            let mut taken = Taken::new();
            let mut due = start + every.mul_f64(f64::from(index) / f64::from(connections));
            while due < start + time {
                tokio::time::sleep_until(due).await;
                let status = connection.push().await?;
                taken.count(status, due.elapsed());
                due += every;
            }
            Ok(taken)
        })
        .await
    }

    async fn all<F, Work>(&self, work: F) -> Result<Taken>
    where
        F: Fn(u32, Connection) -> Work,
        Work: Future<Output = Result<Taken>> + Send + 'static,
    {
        let mut running = Vec::new();
        for index in 0..self.connections {
            let connection = Connection::open(self.address).await?;
            running.push(tokio::spawn(work(index, connection)));
        }
        let mut all = Taken::new();
        for one in running {
            let taken = one.await??;
            all.accepted += taken.accepted;
            all.refused += taken.refused;
            all.latency.add(taken.latency)?;
        }
        Ok(all)
    }
}

/// One connection of GitHub.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    body: String,
    prefix: String,
    /// Where each branch is.
    heads: Vec<String>,
    next: usize,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting to the gateway")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let prefix = Uuid::new_v4().simple().to_string();
        let heads = vec!["0".repeat(40); BRANCHES];
        Ok(Self { sender, body: sample(), prefix, heads, next: 0 })
    }

    /// Pushes a new commit to the next branch.
    async fn push(&mut self) -> Result<StatusCode> {
        let branch = self.next % BRANCHES;
        self.next += 1;
        let after = format!("{:0>40}", Uuid::new_v4().simple());
        let before = std::mem::replace(&mut self.heads[branch], after.clone());
        let body = self
            .body
            .replace(FROM, &after)
            .replace(&"0".repeat(40), &before)
            .replace(REF, &format!("refs/heads/{}-{branch}", self.prefix));
        let id = Uuid::new_v4().to_string();
        let delivery = Delivery { event: "push".to_owned(), id, body: body.into_bytes() };
        let mut request = Request::post("/hooks/shop").header("host", "gateway");
        for (name, value) in delivery.headers(SECRET) {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(delivery.body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await.context("delivering")?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}
