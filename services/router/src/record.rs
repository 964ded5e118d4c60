//! One request from its head to the last byte of its answer: what is measured and written down.
//!
//! Invariant: dropping the record is the one place where a request ends: its claim is released, its line written.

use crate::access_log::{digit, escape, number};
use crate::capture::Copies;
use crate::instance::Claim;
use crate::live::{LiveRoute, LiveTarget};
use crate::problem::Refusal;
use crate::table::Capture;
use crate::upload::Upload;
use crate::upstream::http1::Connection;
use crate::watch::Watch;
use crate::worker::Worker;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// The status written down when the client went away first: nginx's.
const CLIENT_GONE: u16 = 499;

/// See the module.
#[derive(Debug)]
pub(crate) struct Record {
    worker: Rc<Worker>,
    watch: Arc<Watch>,
    started: Instant,
    method: Method,
    uri: Uri,
    client: HeaderValue,
    pub(crate) request_id: HeaderValue,
    route: Option<(Arc<LiveRoute>, usize)>,
    claim: Option<Claim>,
    status: Option<StatusCode>,
    bytes: u64,
    copies: Option<Box<Copies>>,
}

impl Record {
    pub(crate) fn open(
        worker: &Rc<Worker>,
        watch: &Arc<Watch>,
        client: &HeaderValue,
        request: &http::request::Parts,
        request_id: HeaderValue,
    ) -> Self {
        watch.request_began();
        Self {
            worker: worker.clone(),
            watch: watch.clone(),
            started: Instant::now(),
            method: request.method.clone(),
            uri: request.uri.clone(),
            client: client.clone(),
            request_id,
            route: None,
            claim: None,
            status: None,
            bytes: 0,
            copies: None,
        }
    }

    pub(crate) fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The request belongs to a release from here on.
    pub(crate) fn assign(&mut self, route: Arc<LiveRoute>, target: usize) {
        self.claim = None;
        self.route = Some((route, target));
    }

    pub(crate) fn claimed(&mut self, claim: Claim) {
        claim.used();
        self.claim = Some(claim);
    }

    pub(crate) fn unassign(&mut self) {
        self.claim = None;
    }

    /// Whether the request belongs to a release.
    pub(crate) fn is_assigned(&self) -> bool {
        self.route.is_some()
    }

    /// The head of an answer is there.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
        if let Some(target) = self.target() {
            target.measured.answered(status, self.started.elapsed());
        }
    }

    /// There will be no answer but ours.
    pub(crate) fn refused(&mut self, refusal: Refusal) {
        self.ended();
        self.unassign();
        match self.target() {
            Some(target) if refusal.is_of_instance() => target.measured.upstream_failed(),
            Some(_) => {}
            None => self.worker.refused(refusal),
        }
        self.answered(refusal.status());
    }

    /// The instance broke off within its answer.
    pub(crate) fn broke_off(&self) {
        if let Some(target) = self.target() {
            target.measured.broke_off();
        }
    }

    /// The connection to the instance can serve another request.
    pub(crate) fn keep_connection(&self, connection: Box<Connection>) {
        if let Some(claim) = &self.claim {
            self.worker.pool.keep(claim.instance(), connection, self.worker.about_now());
        }
    }

    pub(crate) fn sent(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// The request is about to be sent: it is copied as it passes if it is one of those that are captured. Who shows the
    /// token of a candidate only tries it out.
    pub(crate) fn capture(&mut self, request: &mut Request<Upload>, is_try: bool) {
        let (Some(taker), Some(capture)) = (self.worker.taker(), self.captured()) else { return };
        let path = self.seen_path();
        let known = (&self.request_id, request.headers());
        if !is_try && self.copies.is_none() && taker.wants(capture, path, known) {
            let copies = Box::new(Copies::new());
            request.body_mut().copy_to(copies.request());
            self.copies = Some(copies);
        }
    }

    /// The head of the answer says what follows.
    pub(crate) fn announced(&mut self, status: StatusCode, headers: &HeaderMap) {
        if let Some(mut copies) = self.copies.take() {
            if let Some(capture) = self.captured() {
                copies.answered(status, headers, capture);
            }
            self.copies = Some(copies);
        }
    }

    /// A part of the answer passed.
    pub(crate) fn passed(&mut self, bytes: &[u8]) {
        self.sent(bytes.len() as u64);
        if let Some(copies) = &self.copies {
            copies.passed(bytes);
        }
    }

    /// The answer passed to its end.
    pub(crate) fn completed(&mut self) {
        if let Some(copies) = &mut self.copies {
            copies.completed();
        }
    }

    /// What is captured of requests to the release.
    fn captured(&self) -> Option<&Arc<Capture>> {
        let (route, target) = self.route.as_ref()?;
        route.route.targets[*target].capture.as_ref()
    }

    /// The path as the instance sees it.
    fn seen_path(&self) -> &str {
        match &self.route {
            Some((route, _)) if route.route.strip_prefix => {
                route.route.path_prefix.strip(self.path())
            }
            _ => self.path(),
        }
    }

    /// The instance has nothing to do with the request any more.
    fn ended(&self) {
        if let (Some((route, _)), Some(claim)) = (&self.route, &self.claim) {
            route.passage.ended_on(claim.instance());
        }
    }

    fn target(&self) -> Option<&LiveTarget> {
        self.route.as_ref().map(|(route, target)| &route.targets[*target])
    }

    fn write(&self, line: &mut Vec<u8>) {
        let target = self.target();
        line.extend_from_slice(b"{\"time\":\"");
        self.worker.time(line);
        field(line, "route", self.route.as_ref().map_or("", |(route, _)| &route.route.name));
        field(line, "release", target.map_or("", |target| &target.release));
        field(line, "instance", self.claim.as_ref().map_or("", |claim| &claim.instance().label));
        field(line, "client", self.client.to_str().unwrap_or_default());
        field(line, "method", self.method.as_str());
        line.extend_from_slice(b"\",\"path\":\"");
        escape(line, self.uri.path());
        field(line, "request_id", self.request_id.to_str().unwrap_or_default());
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let status = self.status.map_or(CLIENT_GONE, |status| status.as_u16());
        line.extend_from_slice(b"\",\"status\":");
        number(line, status.into());
        line.extend_from_slice(b",\"bytes\":");
        number(line, self.bytes);
        line.extend_from_slice(b",\"duration_ms\":");
        number(line, micros / 1000);
        line.push(b'.');
        line.extend_from_slice(&[100, 10, 1].map(|place| digit(micros / place)));
        line.extend_from_slice(b"}\n");
    }
}

/// Ends the field before it and writes one that needs no escaping.
fn field(line: &mut Vec<u8>, name: &str, value: &str) {
    line.extend_from_slice(b"\",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":\"");
    line.extend_from_slice(value.as_bytes());
}

impl Drop for Record {
    fn drop(&mut self) {
        // Before the claim goes: who waits for the instance to drain finds this counted.
        self.ended();
        if self.status.is_none()
            && let Some(target) = self.target()
        {
            target.measured.abandoned();
        }
        if let (Some(mut copies), Some(taker)) = (self.copies.take(), self.worker.taker())
            && let Some(capture) = self.captured()
        {
            taker.take(&mut copies, capture, (self.worker.now(), &self.request_id));
        }
        if let Some(log) = self.worker.log() {
            log.push(|line| self.write(line));
        }
        self.watch.request_ended();
    }
}
