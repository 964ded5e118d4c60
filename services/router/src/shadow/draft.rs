//! A request that goes to the stable release and of which the candidate is to get a copy: what is kept of it, and of
//! its answer, while they pass by.

use super::Kept;
use super::compare::{Answer, Body, is_json, is_sealed};
use super::counters::Permit;
use super::mirror::Copied;
use crate::headers;
use crate::live::LiveRoute;
use crate::worker::Worker;
use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// See the module. Dropped before the answer is complete, there is no copy.
#[derive(Debug)]
pub(crate) struct Draft {
    permit: Permit,
    route: String,
    method: Method,
    path: PathAndQuery,
    headers: HeaderMap,
    /// The body of the request; nothing when it has none.
    upload: Option<Rc<RefCell<Kept>>>,
    max_body: usize,
    head: Option<(StatusCode, Duration)>,
    answer: Option<Kept>,
    is_json: bool,
}

impl Draft {
    /// Of a request that `route` gives to its target `chosen`; nothing when it is not copied, which one that is wanted is
    /// whatever the share is. The headers are those that go to the instance.
    pub(crate) fn of(
        worker: &Worker,
        (route, chosen): (&LiveRoute, usize),
        (parts, body): (&Parts, &Incoming),
        (uri, host, is_wanted): (&Uri, &HeaderValue, bool),
    ) -> Option<Box<Self>> {
        let (shadow, counters) = (route.route.shadow.as_ref()?, route.shadow.as_ref()?);
        let goes_to_candidate = route.route.targets[chosen].candidate;
        let roll = if is_wanted { 0 } else { worker.roll() };
        if goes_to_candidate || !shadow.takes(&parts.method, roll) {
            return None;
        }
        if body.size_hint().lower() > shadow.max_body as u64 {
            counters.dropped();
            return None;
        }
        let permit = Permit::of(counters, shadow.max_copies)?;
        let mut headers = parts.headers.clone();
        headers.insert(HOST, host.clone());
        headers.insert(headers::SHADOW, HeaderValue::from_static("1"));
        if let Some(prefix) = route.route.told_prefix() {
            headers.insert(headers::FORWARDED_PREFIX, prefix);
        }
        let kept = || Rc::new(RefCell::new(Kept::up_to(shadow.max_body)));
        Some(Box::new(Self {
            permit,
            route: route.route.name.clone(),
            method: parts.method.clone(),
            path: route.route.path_behind(uri),
            headers,
            upload: (!body.is_end_stream()).then(kept),
            max_body: shadow.max_body,
            head: None,
            answer: None,
            is_json: false,
        }))
    }

    /// Where the body of the request is kept, if there is one.
    pub(crate) fn upload(&self) -> Option<Rc<RefCell<Kept>>> {
        self.upload.clone()
    }

    /// The head of the answer came after `elapsed`.
    pub(crate) fn answered(&mut self, status: StatusCode, headers: &HeaderMap, elapsed: Duration) {
        self.head = Some((status, elapsed));
        self.is_json = is_json(headers);
        self.answer = (self.is_json && !is_sealed(headers)).then(|| Kept::up_to(self.max_body));
    }

    /// A part of the answer has passed.
    pub(crate) fn part(&mut self, part: &Bytes) {
        self.answer.iter_mut().for_each(|answer| answer.part(part));
    }

    /// The answer is complete.
    pub(crate) fn send(self, worker: &Worker) {
        let Some((status, elapsed)) = self.head else { return };
        let upload = self.upload.map(|kept| kept.borrow_mut().whole());
        // The stable release answered before it had read it, or it is too large.
        let Some(upload) = upload.unwrap_or_else(|| Some(Vec::new())) else {
            return self.permit.counters().dropped();
        };
        let body = match self.answer {
            Some(mut kept) => {
                kept.completed();
                kept.whole().map_or(Body::Unread, Body::Json)
            }
            None if self.is_json => Body::Unread,
            None => Body::Other,
        };
        worker.mirror.ask(Copied {
            permit: self.permit,
            route: self.route,
            method: self.method,
            path: self.path,
            headers: self.headers,
            upload: upload.into(),
            stable: Answer { status, elapsed, body },
        });
    }
}
