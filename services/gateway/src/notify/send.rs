//! One attempt: the secrets of the sink are opened now, used and forgotten.

use super::email::{self, MailError};
use super::sink::together;
use super::webhook::{self, InvalidKey, Keys};
use super::{Kind, Message, Sink, slack};
use crate::app::App;
use crate::release_link::ReleaseLink;
use crate::votes::Link;
use bytes::Bytes;
use events::{AppName, EnvironmentName, EventId};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use outgoing::{Answer, InvalidTarget, SendError, Target};
use proto::v1::RevealSecretsRequest;
use serde_json::Value;
use service::mask::Mask;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Characters of an answer that are kept of a failure.
const SAID: usize = 200;
/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub id: Uuid,
    pub app: AppName,
    pub event: EventId,
    /// Where secrets are looked up.
    pub environment: String,
    pub message: Message,
    pub times: i32,
}

/// Why it did not arrive. Says nothing that is secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("the deployer does not answer now")]
    Away,
    #[error("the deployer does not tell secrets now")]
    Secrets,
    #[error("the secret {0} is not set")]
    NoSecret(String),
    #[error("the secret {name} is not the URL of a receiver")]
    Target { name: String, source: InvalidTarget },
    #[error("the secret {name} is no key")]
    Key { name: String, source: InvalidKey },
    #[error("reach the receiver")]
    Send(#[from] SendError),
    #[error("the receiver answered {status}{said}")]
    Refused { status: StatusCode, said: String, pause: Option<Duration> },
    #[error("the receiver answered 410: it is gone")]
    Gone,
    #[error("send mail")]
    Mail(#[from] MailError),
}

impl NotSent {
    /// The pause that the receiver asks for.
    pub(crate) fn pause(&self) -> Option<Duration> {
        if let Self::Refused { pause, .. } = self { *pause } else { None }
    }
}

/// Sends `notification` to `sink`, once.
pub(crate) async fn send(
    app: &App,
    sink: &Sink,
    notification: &Notification,
) -> Result<(), NotSent> {
    let notification = &with_pages(app, notification);
    if sink.kind == Kind::Email {
        let mail = app.config.mail.as_ref().ok_or(MailError::Nowhere)?;
        return Ok(email::send(&app.outgoing, mail, &sink.address, notification).await?);
    }
    let secrets = secrets(app, sink, (&notification.app, &notification.environment)).await?;
    let secret = |name: &str| secrets.get(name).ok_or_else(|| NotSent::NoSecret(name.to_owned()));
    let url = secret(&sink.address)?;
    let target = Target::parse(url)
        .map_err(|source| NotSent::Target { name: sink.address.clone(), source })?;
    let key = sink.signed_with.as_ref().map(|name| secret(name.as_str())).transpose()?;
    let keys = key.map(|text| Keys::parse(text)).transpose().map_err(|source| NotSent::Key {
        name: sink.signed_with.as_ref().map(ToString::to_string).unwrap_or_default(),
        source,
    })?;
    let (headers, body) = request(app, sink, notification, keys.as_ref());
    let mask = Mask::new([url.as_bytes(), target.path.as_str().as_bytes()]);
    judge(&app.outgoing.post(&target, headers, body).await?, &mask)
}

/// The same with the page of the release, and that on which its readers decide if they may, where people reach them.
fn with_pages(app: &App, notification: &Notification) -> Notification {
    let message = &notification.message;
    let page = app.config.public_url.as_ref().zip(Link::of(message));
    let decide = page.map(|(url, link)| link.page(url, &app.key));
    let look = app.config.release_link.as_ref().and_then(|link| look(link, message));
    Notification { message: Message { look, decide, ..message.clone() }, ..notification.clone() }
}

fn look(link: &ReleaseLink, message: &Message) -> Option<String> {
    let [environment] = message.environments.as_slice() else { return None };
    Some(link.of((&message.app, environment), (message.number?, message.release?)))
}

/// Headers and body in the form of the sink.
fn request(
    app: &App,
    sink: &Sink,
    notification: &Notification,
    keys: Option<&Keys>,
) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let Notification { message, event, times, .. } = notification;
    if sink.kind == Kind::Slack {
        return (headers, bytes(&slack::body(message, *times)));
    }
    let body = bytes(&webhook::body(message, *event, *times));
    // The same for every attempt, so that a receiver knows what it has.
    let id = format!("msg_{}", notification.id.simple());
    let now = app.clock.now().timestamp();
    let signature = keys.map(|keys| keys.sign(&id, now, &body));
    let told = [("webhook-id", Some(id)), ("webhook-timestamp", Some(now.to_string()))];
    for (name, value) in told.into_iter().chain([("webhook-signature", signature)]) {
        let value = value.and_then(|value| HeaderValue::from_str(&value).ok());
        headers.extend(value.map(|value| (http::HeaderName::from_static(name), value)));
    }
    (headers, body)
}

fn bytes(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}

/// What an answer means: 2xx is received, 410 is gone, all else is tried again.
fn judge(answer: &Answer, mask: &Mask) -> Result<(), NotSent> {
    if answer.status.is_success() {
        return Ok(());
    }
    if answer.status == StatusCode::GONE {
        return Err(NotSent::Gone);
    }
    let text = String::from_utf8_lossy(&answer.body);
    let plain: String = mask.apply(&text).chars().filter(|c| !c.is_control()).take(SAID).collect();
    let said = if plain.trim().is_empty() { plain } else { format!(": {}", plain.trim()) };
    Err(NotSent::Refused { status: answer.status, said, pause: retry_after(&answer.headers) })
}

/// The pause that the header asks for, in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// The environments of `all` in which `sink` is the same receiver; what is told of no one environment goes with them
/// where it can.
pub(crate) async fn receivers(
    app: &App,
    of: &AppName,
    sink: &Sink,
    all: &[EnvironmentName],
) -> Vec<Vec<String>> {
    if sink.kind == Kind::Email {
        return vec![vec![String::new()]];
    }
    let mut found = Vec::new();
    for environment in all.iter().map(EnvironmentName::as_str).chain([""]) {
        let secrets = secrets(app, sink, (of, environment)).await.unwrap_or_default();
        // What is told of no one environment need not have an address.
        if !environment.is_empty() || found.is_empty() || secrets.contains_key(&sink.address) {
            found.push((environment.to_owned(), secrets));
        }
    }
    together(found)
}

async fn secrets(
    app: &App,
    sink: &Sink,
    (of, environment): (&AppName, &str),
) -> Result<HashMap<String, Zeroizing<String>>, NotSent> {
    let key = sink.signed_with.as_ref().map(ToString::to_string);
    let request = app.internal.request(RevealSecretsRequest {
        app: of.to_string(),
        environment: environment.to_owned(),
        secrets: key.into_iter().chain([sink.address.clone()]).collect(),
    });
    let answer = app.secrets.clone().reveal_secrets(request).await;
    let answer = answer.map_err(|status| {
        tracing::debug!(code = %status.code(), "secrets of a sink are not told");
        if is_away(&status) { NotSent::Away } else { NotSent::Secrets }
    })?;
    let values = answer.into_inner().values.into_iter();
    let text = |value: Vec<u8>| Zeroizing::new(String::from_utf8_lossy(&value).into_owned());
    Ok(values.map(|(name, value)| (name, text(value))).collect())
}

/// Whether nobody answered, or could not in time.
fn is_away(status: &Status) -> bool {
    use Code::{Cancelled, DeadlineExceeded, Unavailable, Unknown};
    matches!(status.code(), Unavailable | DeadlineExceeded | Cancelled | Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<&'static str>, body: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|v| (header::RETRY_AFTER, HeaderValue::from_static(v))));
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers, body: Bytes::from_static(body.as_bytes()) }
    }

    fn judged(answer: &Answer) -> String {
        let mask = Mask::new(["https://hooks.example.com/T0/B0".as_bytes()]);
        judge(answer, &mask).map_or_else(|error| error.to_string(), |()| "arrived".to_owned())
    }

    #[test]
    fn an_answer_is_judged_by_its_status() {
        assert_eq!(judged(&answer(200, None, "ok")), "arrived");
        assert_eq!(judged(&answer(204, None, "")), "arrived");
        assert_eq!(judged(&answer(302, None, "")), "the receiver answered 302 Found");
        assert_eq!(judged(&answer(410, None, "")), "the receiver answered 410: it is gone");
        let refused = judged(&answer(404, None, "no_service\n"));
        assert_eq!(refused, "the receiver answered 404 Not Found: no_service");
    }

    #[test]
    fn an_answer_does_not_give_the_address_away() {
        let refused = judged(&answer(500, None, "POST https://hooks.example.com/T0/B0 failed"));
        assert_eq!(refused, "the receiver answered 500 Internal Server Error: POST *** failed");
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause() {
        let pause = |header| {
            judge(&answer(429, header, ""), &Mask::default()).expect_err("refused").pause()
        };
        assert_eq!(pause(Some("30")), Some(Duration::from_secs(30)));
        assert_eq!(pause(Some("999999")), Some(LONGEST_PAUSE));
        assert_eq!(pause(Some("Wed, 21 Oct 2026 07:28:00 GMT")), None);
        assert_eq!(pause(None), None);
    }
}
