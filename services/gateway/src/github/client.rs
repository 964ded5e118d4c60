//! One request to GitHub. While it asks to be left alone nothing is sent, whoever wants to.

use super::answer::judge;
use super::sign_in::Held;
use super::{GitHub, GitHubError, Slug};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, header};
use outgoing::{Asked, Outgoing, Target};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::{Clock, Secret};
use std::collections::HashMap;

/// The version of the API that is spoken.
const VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
const JSON: HeaderValue = HeaderValue::from_static("application/vnd.github+json");
/// What is read of an answer: a page of check runs has some hundred KiB.
const LARGEST: usize = 4 << 20;
/// Entries of a page, the most that GitHub gives.
const PAGE: usize = 100;
/// Pages that are read of one list.
const PAGES: usize = 10;

/// Asks GitHub.
#[derive(Debug)]
pub(crate) struct Client {
    pub(super) settings: GitHub,
    outgoing: Outgoing,
    pub(super) clock: Clock,
    pub(super) tokens: tokio::sync::Mutex<HashMap<Slug, Held>>,
    /// Nothing is asked before.
    silent_until: Mutex<Option<DateTime<Utc>>>,
}

/// What is asked, besides where.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body) }
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: None }
    }

    pub(super) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::PATCH, path: path.into(), body: Some(body) }
    }
}

impl Client {
    pub(crate) fn new(settings: GitHub, outgoing: Outgoing, clock: Clock) -> Self {
        let (tokens, silent_until) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { settings, outgoing, clock, tokens, silent_until }
    }

    /// Which GitHub is asked.
    pub(crate) fn settings(&self) -> &GitHub {
        &self.settings
    }

    /// Asks for something of the repository.
    pub(super) async fn of<T: DeserializeOwned>(
        &self,
        slug: &Slug,
        call: Call,
    ) -> Result<T, GitHubError> {
        let call = Call { path: format!("/repos/{slug}{}", call.path), ..call };
        let token = self.token(slug).await?;
        match self.call(&token, &call).await {
            // It was ended before its time; another is asked for once.
            Err(error) if error.is_signed_out() && self.forget(slug).await => {
                let token = self.token(slug).await?;
                self.call(&token, &call).await
            }
            answered => answered,
        }
    }

    /// Everything of a list, as far as it is read: `entries` takes the entries of a page out of it.
    pub(super) async fn all<P: DeserializeOwned, T>(
        &self,
        slug: &Slug,
        path: &str,
        entries: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let path = format!("{path}{join}per_page={PAGE}&page={page}");
            let found = entries(self.of(slug, Call::get(path)).await?);
            let is_last = found.len() < PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Asks with `bearer`.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        bearer: &Secret,
        call: &Call,
    ) -> Result<T, GitHubError> {
        let target = self.settings.api.below(&call.path)?;
        let json = HeaderValue::from_static("application/json");
        let body = call.body.as_ref().map(|body| (json, Bytes::from(body.to_string())));
        self.send(bearer, (&call.method, &target), body).await
    }

    /// Sends a request with `bearer`, and reads the JSON of the answer; nothing is null.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        bearer: &Secret,
        (method, target): (&Method, &Target),
        body: Option<(HeaderValue, Bytes)>,
    ) -> Result<T, GitHubError> {
        self.may_ask()?;
        let mut headers = HeaderMap::new();
        let mut token = HeaderValue::from_str(&format!("Bearer {}", bearer.expose()))?;
        token.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, token);
        headers.insert(header::ACCEPT, JSON);
        headers.insert("x-github-api-version", VERSION);
        let body = body.map(|(kind, body)| {
            headers.insert(header::CONTENT_TYPE, kind);
            body
        });
        let body = body.unwrap_or_default();
        let asked = Asked { method: method.clone(), headers, body, largest: LARGEST };
        let answer = self.outgoing.ask(target, asked).await?;
        let now = self.clock.now();
        if let Err(error) = judge(&answer, now) {
            if let Some(pause) = error.pause() {
                *self.silent_until.lock() = Some(now + pause);
            }
            return Err(error);
        }
        let said = if answer.body.is_empty() { b"null".as_slice() } else { &answer.body };
        serde_json::from_slice(said).map_err(GitHubError::Unreadable)
    }

    fn may_ask(&self) -> Result<(), GitHubError> {
        let until = *self.silent_until.lock();
        let left = until.and_then(|until| (until - self.clock.now()).to_std().ok());
        left.filter(|left| !left.is_zero()).map_or(Ok(()), |left| Err(GitHubError::NotNow(left)))
    }
}

/// `text` as a value in a query.
pub(super) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes everything");
        }
    }
    escaped
}
