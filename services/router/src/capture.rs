//! Captured traffic: bodies of some requests and their answers are copied as they pass and handed over when both are
//! over; a thread that yields to the workers takes what is declared out of them and publishes it.
//!
//! Invariant: a request never waits for it and never fails by it. What is too large is not copied to its end, and what
//! cannot be taken in time is dropped and counted.

mod publish;

pub(crate) use publish::Publisher;

use crate::predicted::Predicted;
use crate::spread::spread;
use crate::table::{Capture, RouteTable};
use chrono::{DateTime, Utc};
use events::ReleaseId;
use events::sample::ScalarV1;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use parking_lot::Mutex;
use proto::v1::PredictionStats;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::mpsc;

/// Bytes of the largest body that is captured.
const LARGEST: usize = 64 * 1024;
/// Requests that may wait to be taken apart: 64 MiB of the largest.
const WAITING: usize = 512;
/// A share is counted in so many requests.
const MILLION: u64 = 1_000_000;

/// What became of captured requests.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    published: AtomicU64,
    dropped: AtomicU64,
    unreadable: AtomicU64,
    lost: AtomicU64,
    /// What releases predicted.
    predicted: Mutex<BTreeMap<ReleaseId, Predicted>>,
}

impl Counts {
    /// A request was captured, with these values.
    fn captured(&self, capture: &Capture, values: &[Option<ScalarV1>]) {
        if !capture.has_prediction() {
            return;
        }
        let prediction = values.last().and_then(Option::as_ref);
        self.predicted.lock().entry(capture.release).or_default().add(prediction);
    }

    /// What was predicted by releases that share a route with another one, as on the wire. Those that left the table
    /// are forgotten.
    pub(crate) fn predictions(&self, table: &RouteTable) -> Vec<PredictionStats> {
        let targets = table.routes.iter().flat_map(|route| &route.targets);
        let named: BTreeSet<ReleaseId> = targets.map(|target| target.release).collect();
        let mut predicted = self.predicted.lock();
        predicted.retain(|release, _| named.contains(release));
        let mut all = BTreeMap::new();
        for route in table.routes.iter().filter(|route| route.targets.len() > 1) {
            for target in &route.targets {
                if let Some(predicted) = predicted.get(&target.release) {
                    all.entry(target.release).or_insert_with(|| PredictionStats {
                        route: route.name.clone(),
                        release: target.release.to_string(),
                        predictions: Some(predicted.wire()),
                    });
                }
            }
        }
        all.into_values().collect()
    }

    pub(crate) fn by_outcome(&self) -> [(&'static str, u64); 4] {
        [
            ("published", self.published.load(Relaxed)),
            ("dropped", self.dropped.load(Relaxed)),
            ("unreadable", self.unreadable.load(Relaxed)),
            ("lost", self.lost.load(Relaxed)),
        ]
    }
}

/// A body as far as it passed; nothing once it is too large.
#[derive(Debug)]
pub(crate) struct Body(RefCell<Option<Vec<u8>>>);

impl Body {
    fn empty() -> Self {
        Self(RefCell::new(Some(Vec::new())))
    }

    /// More of it passed.
    pub(crate) fn add(&self, bytes: &[u8]) {
        let mut copy = self.0.borrow_mut();
        if copy.as_ref().is_some_and(|copy| copy.len() + bytes.len() > LARGEST) {
            *copy = None;
        }
        if let Some(copy) = copy.as_mut() {
            copy.extend_from_slice(bytes);
        }
    }
}

/// Copies of one request and its answer.
#[derive(Debug)]
pub(crate) struct Copies {
    request: Rc<Body>,
    answer: Body,
    answer_is_wanted: bool,
    is_whole: bool,
}

impl Copies {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        let (request, answer) = (Rc::new(Body::empty()), Body::empty());
        Self { request, answer, answer_is_wanted: false, is_whole: false }
    }

    /// Where the request is copied to.
    pub(crate) fn request(&self) -> &Rc<Body> {
        &self.request
    }

    /// The head of the answer is there: one that is no success is of no use.
    pub(crate) fn answered(&mut self, status: StatusCode, headers: &HeaderMap, capture: &Capture) {
        let is_json = !capture.has_prediction() || is_plain_json(headers);
        self.answer_is_wanted = status.is_success() && is_json;
    }

    /// More of the answer passed.
    pub(crate) fn passed(&self, bytes: &[u8]) {
        if self.answer_is_wanted {
            self.answer.add(bytes);
        }
    }

    /// The answer is complete.
    pub(crate) fn completed(&mut self) {
        self.is_whole = self.answer_is_wanted;
    }
}

/// Whether a body is JSON that can be read as it is.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json");
    is_json && !headers.contains_key(CONTENT_ENCODING)
}

/// A request that was captured.
#[derive(Debug)]
pub(crate) struct Taken {
    capture: Arc<Capture>,
    at: DateTime<Utc>,
    request: Vec<u8>,
    answer: Vec<u8>,
    id: HeaderValue,
}

/// Decides which requests are captured, and takes them.
#[derive(Debug, Clone)]
pub(crate) struct Taker {
    salt: [u8; 16],
    sender: mpsc::Sender<Taken>,
    counts: Arc<Counts>,
}

impl Taker {
    /// With this chance, and who publishes what it takes.
    pub(crate) fn new(salt: [u8; 16], counts: Arc<Counts>) -> (Self, mpsc::Receiver<Taken>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { salt, sender, counts }, receiver)
    }

    /// Whether a request is captured: always the same for one identity.
    pub(crate) fn wants(
        &self,
        capture: &Capture,
        path: &str,
        (id, headers): (&HeaderValue, &HeaderMap),
    ) -> bool {
        capture.path_prefix.covers(path)
            && is_plain_json(headers)
            && self.is_chosen(id.as_bytes(), capture.per_million)
    }

    fn is_chosen(&self, id: &[u8], per_million: u32) -> bool {
        spread(&self.salt, id) % MILLION < u64::from(per_million)
    }

    /// Takes what was copied, unless it is not whole or too many wait.
    pub(crate) fn take(
        &self,
        copies: &mut Copies,
        capture: &Arc<Capture>,
        (at, id): (DateTime<Utc>, &HeaderValue),
    ) {
        if !copies.is_whole {
            return;
        }
        let request = copies.request.0.borrow_mut().take();
        let (Some(request), Some(answer)) = (request, copies.answer.0.borrow_mut().take()) else {
            self.counts.unreadable.fetch_add(1, Relaxed);
            return;
        };
        let taken = Taken { capture: capture.clone(), at, request, answer, id: id.clone() };
        if self.sender.try_send(taken).is_err() {
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_chosen_or_not_by_its_identity_and_as_many_as_the_share_says() {
        let (taker, _receiver) = Taker::new([7; 16], Arc::default());
        let chosen = |id: u32| taker.is_chosen(id.to_string().as_bytes(), 100_000);
        let count = (0..100_000).filter(|id| chosen(*id)).count();
        // Four standard deviations.
        assert!(count.abs_diff(10_000) < 380, "{count}");
        assert!((0..1000).all(|id| chosen(id) == chosen(id)));
        assert!(!taker.is_chosen(b"x", 0) && taker.is_chosen(b"x", 1_000_000));
        let (other, _receiver) = Taker::new([8; 16], Arc::default());
        assert!(
            (0..1000)
                .any(|id: u32| chosen(id) != other.is_chosen(id.to_string().as_bytes(), 100_000))
        );
    }

    #[test]
    fn a_body_that_is_too_large_is_not_kept() {
        let body = Body::empty();
        body.add(&vec![b'x'; LARGEST]);
        assert_eq!(body.0.borrow().as_ref().map(Vec::len), Some(LARGEST));
        body.add(b"x");
        body.add(b"x");
        assert_eq!(*body.0.borrow(), None);
    }

    #[test]
    fn only_json_that_can_be_read_is_captured() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (http::HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            pairs.iter().map(pair).collect()
        };
        let json = ("content-type", "application/json; charset=utf-8");
        assert!(is_plain_json(&headers(&[json])));
        assert!(is_plain_json(&headers(&[("content-type", "application/vnd.api+json")])));
        assert!(!is_plain_json(&headers(&[json, ("content-encoding", "gzip")])));
        assert!(!is_plain_json(&headers(&[("content-type", "text/html")])));
    }
}
