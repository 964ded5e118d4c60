//! Receivers of notifications at the wire: an incoming webhook as Slack's and one of Standard Webhooks. They
//! refuse what real ones refuse, and remember what they took.

use crate::eventually;
use crate::serving::{port, serving_at};
use crate::tls::TlsListener;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::Listener;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::task::AbortOnDropHandle;

/// What the paths of the receivers hold, as real ones do: who knows it may post.
const PATH: &str = "T0SECRET/B0SECRET/x7Qk2mHj";
/// Attempts may be so old.
const TOLERANCE: u64 = 300;
/// What is waited for comes within this.
const PATIENCE: Duration = Duration::from_mins(3);

/// What receivers know and saw.
#[derive(Debug, Default)]
struct Seen {
    /// What is answered instead of being received.
    status: Option<u16>,
    /// What is received next is not answered.
    is_silent: bool,
    received: Vec<Value>,
    ids: BTreeSet<String>,
    attempts: usize,
    problems: Vec<String>,
}

/// Receivers of notifications.
#[derive(Debug)]
pub struct Receiver {
    scheme: &'static str,
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _serving: AbortOnDropHandle<()>,
}

impl Receiver {
    /// Listens on this machine.
    pub async fn start() -> Self {
        Self::at("http", port().await)
    }

    /// The same with TLS, whose certificate [`crate::AUTHORITY`] gave.
    pub async fn start_tls() -> Self {
        Self::at("https", TlsListener::new(port().await))
    }

    fn at(scheme: &'static str, listener: impl Listener<Addr = SocketAddr>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let router = Router::new()
            .route("/services/{*path}", post(slack))
            .route("/hooks/{*path}", post(webhook))
            .layer(from_fn_with_state(Arc::clone(&seen), answered))
            .with_state(Arc::clone(&seen));
        let (address, serving) = serving_at(listener, router);
        Self { scheme, address, seen, _serving: serving }
    }

    /// Where a Slack receives; a secret.
    pub fn slack_url(&self) -> String {
        format!("{}://{}/services/{PATH}", self.scheme, self.address)
    }

    /// Where a webhook is received; a secret.
    pub fn webhook_url(&self) -> String {
        format!("{}://{}/hooks/{PATH}", self.scheme, self.address)
    }

    /// The key that webhooks must be signed with.
    pub fn key() -> String {
        format!("whsec_{}", STANDARD.encode(KEY))
    }

    /// Answers this status and receives nothing from now on.
    pub fn refuse(&self, status: u16) {
        locked(&self.seen).status = Some(status);
    }

    /// Receives what comes next, and never answers it.
    pub fn fall_silent(&self) {
        locked(&self.seen).is_silent = true;
    }

    /// Receives again.
    pub fn recover(&self) {
        locked(&self.seen).status = None;
    }

    /// What was received; panics when something came that a real receiver refuses.
    pub fn received(&self) -> Vec<Value> {
        let seen = locked(&self.seen);
        assert!(seen.problems.is_empty(), "{:#?}", seen.problems);
        seen.received.clone()
    }

    /// Waits until so much was received.
    pub async fn until_received(&self, count: usize) -> Vec<Value> {
        eventually(&format!("{count} notifications"), PATIENCE, async || {
            Some(self.received()).filter(|received| received.len() >= count)
        })
        .await
    }

    /// Waits until so many requests came, received or not.
    pub async fn until_tried(&self, count: usize) {
        eventually(&format!("{count} attempts"), PATIENCE, async || {
            (locked(&self.seen).attempts >= count).then_some(())
        })
        .await;
    }
}

/// The key of [`Receiver::key`].
const KEY: [u8; 32] = *b"a key of a receiver in the tests";

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was received is answered, or never is.
async fn answered(State(seen): State<Arc<Mutex<Seen>>>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let is_silent = std::mem::take(&mut locked(&seen).is_silent);
    if is_silent { std::future::pending().await } else { answer }
}

/// Slack: what it says when it refuses is what Slack says.
async fn slack(State(seen): State<Arc<Mutex<Seen>>>, body: Bytes) -> Response {
    let mut seen = locked(&seen);
    seen.attempts += 1;
    if let Some(answer) = refused(&seen) {
        return answer;
    }
    let payload: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Err(problem) = slack_payload(&payload) {
        seen.problems.push(format!("{problem}: {payload}"));
        return (StatusCode::BAD_REQUEST, problem).into_response();
    }
    seen.received.push(payload);
    "ok".into_response()
}

fn refused(seen: &Seen) -> Option<Response> {
    let status = StatusCode::from_u16(seen.status?).expect("a status");
    Some((status, "no_service").into_response())
}

/// The limits of Slack's messages and blocks.
fn slack_payload(payload: &Value) -> Result<(), &'static str> {
    let text = |value: &Value, most: usize| {
        value.as_str().is_some_and(|text| (1..=most).contains(&text.chars().count()))
    };
    let blocks = payload["blocks"].as_array().ok_or("invalid_payload")?;
    if !text(&payload["text"], 40_000) {
        return Err("no_text");
    }
    let object = |value: &Value, most| {
        matches!(value["type"].as_str(), Some("mrkdwn" | "plain_text"))
            && text(&value["text"], most)
    };
    let fits = |block: &Value| match block["type"].as_str() {
        Some("section") => object(&block["text"], 3_000),
        Some("context") => block["elements"].as_array().is_some_and(|elements| {
            (1..=10).contains(&elements.len()) && elements.iter().all(|it| object(it, 2_000))
        }),
        Some("divider") => true,
        _ => false,
    };
    if blocks.len() <= 50 && blocks.iter().all(fits) { Ok(()) } else { Err("invalid_blocks") }
}

/// A receiver of Standard Webhooks: what it saw before is taken again and not counted again.
async fn webhook(
    State(seen): State<Arc<Mutex<Seen>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut seen = locked(&seen);
    seen.attempts += 1;
    if let Some(answer) = refused(&seen) {
        return answer;
    }
    match webhook_payload(&headers, &body) {
        Ok((id, payload)) => {
            if seen.ids.insert(id) {
                seen.received.push(payload);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        Err(problem) => {
            seen.problems.push(problem.to_owned());
            (StatusCode::BAD_REQUEST, problem).into_response()
        }
    }
}

fn webhook_payload(headers: &HeaderMap, body: &[u8]) -> Result<(String, Value), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let id = header("webhook-id").filter(|id| !id.contains('.')).ok_or("webhook-id")?;
    let timestamp = header("webhook-timestamp").ok_or("webhook-timestamp")?;
    let sent: u64 = timestamp.parse().map_err(|_| "webhook-timestamp")?;
    if now().abs_diff(sent) > TOLERANCE {
        return Err("webhook-timestamp is too old");
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).expect("any key");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let signatures = header("webhook-signature").ok_or("webhook-signature")?;
    if !signatures.split(' ').any(|signature| signature == wanted) {
        return Err("webhook-signature does not match");
    }
    let payload: Value = serde_json::from_slice(body).map_err(|_| "not JSON")?;
    let typed = payload["type"].as_str().is_some_and(|text| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    });
    if !typed || !payload["timestamp"].is_string() || !payload["data"].is_object() {
        return Err("not type, timestamp and data");
    }
    if body.len() >= 20_000 { Err("too large") } else { Ok((id.to_owned(), payload)) }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
