//! Users who ask at a pace, each over a connection of its own: who has to wait for an answer is late with the next
//! question and does not leave it out.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

/// A connection to the router.
pub(crate) type Connection = SendRequest<Full<Bytes>>;

/// How many users, how many requests a second of all together, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) connections: u32,
    pub(crate) rate: f64,
    pub(crate) time: Duration,
}

/// What they ask.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) host: String,
    /// JSON, or nothing.
    pub(crate) body: Bytes,
}

/// What one of them got.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// From sending the request to the end of the answer.
    pub(crate) took: Duration,
    /// When it had ended.
    pub(crate) at: SystemTime,
}

impl Question {
    /// A plain question.
    pub(crate) fn get(host: &str) -> Self {
        Self { method: Method::GET, host: host.to_owned(), body: Bytes::new() }
    }
}

/// What users get, until their time is over or nobody listens any more.
pub(crate) fn ask(
    address: SocketAddr,
    question: &Question,
    pace: Pace,
) -> UnboundedReceiver<Result<Answer>> {
    let (sender, receiver) = unbounded_channel();
    let every = Duration::from_secs_f64(f64::from(pace.connections) / pace.rate);
    let start = Instant::now();
    for index in 0..pace.connections {
        let first = start + every.mul_f64(f64::from(index) / f64::from(pace.connections));
        let (sender, question) = (sender.clone(), question.clone());
        tokio::spawn(async move {
            let times = (first, start + pace.time, every);
            if let Err(error) = user(address, &question, times, &sender).await {
                drop(sender.send(Err(error)));
            }
        });
    }
    receiver
}

async fn user(
    address: SocketAddr,
    question: &Question,
    (mut due, end, every): (Instant, Instant, Duration),
    answers: &UnboundedSender<Result<Answer>>,
) -> Result<()> {
    let mut connection = connect(address).await?;
    while due < end {
        sleep_until(due).await;
        let sent = Instant::now();
        let request = Request::builder()
            .method(question.method.clone())
            .uri("/")
            .header("host", &question.host)
            .header("content-type", "application/json")
            .body(Full::new(question.body.clone()))?;
        let (status, _) = exchange(&mut connection, request).await?;
        let answer = Answer { status, took: sent.elapsed(), at: SystemTime::now() };
        if answers.send(Ok(answer)).is_err() {
            return Ok(());
        }
        due += every;
    }
    Ok(())
}

/// Opens a connection.
pub(crate) async fn connect(address: SocketAddr) -> Result<Connection> {
    let stream = TcpStream::connect(address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Asks, and reads the answer to its end.
pub(crate) async fn exchange(
    connection: &mut Connection,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes)> {
    connection.ready().await?;
    let response = connection.send_request(request).await.context("asking")?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

/// p50 and p99 in milliseconds; an error as soon as a user did not get 200.
pub(crate) async fn quantiles(mut answers: UnboundedReceiver<Result<Answer>>) -> Result<[f64; 2]> {
    let mut all = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    while let Some(answer) = answers.recv().await {
        let Answer { status, took, .. } = answer?;
        ensure!(status == 200, "a user got {status}");
        all.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
    ensure!(!all.is_empty(), "nobody asked");
    #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
    let at = |quantile: f64| all.value_at_quantile(quantile) as f64 / 1000.0;
    Ok([at(0.5), at(0.99)])
}
