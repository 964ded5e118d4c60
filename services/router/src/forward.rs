//! A request from its head to the head of its answer: find its instance, pass it on, pass the answer back.
//!
//! Invariant: a request is offered to another instance only when the first one got nothing of it, or when asking
//! again changes nothing (a safe method without a body, over a connection that had been idle).

mod attempt;

use crate::headers::{self, Client};
use crate::instance::Instance;
use crate::live::{LiveRoute, Shown};
use crate::problem::Refusal;
use crate::record::Record;
use crate::reply::Reply;
use crate::shadow::Draft;
use crate::table::{Mode, normal_host};
use crate::tunnel;
use crate::upload::{Progress, Upload};
use crate::watch::Watch;
use crate::worker::Worker;
use attempt::{Answer, Attempt, Failed};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Other instances that are tried when one cannot be connected to.
const RETRIES: usize = 2;

/// A request, understood.
struct Ask {
    host: HeaderValue,
    candidate: Option<HeaderValue>,
    stable: Option<HeaderValue>,
    upgrade: Option<HeaderValue>,
    on_upgrade: Option<OnUpgrade>,
    takes_trailers: bool,
}

impl Ask {
    fn shown(&self) -> Shown<'_> {
        Shown {
            candidate: self.candidate.as_ref().map(HeaderValue::as_bytes),
            stable: self.stable.as_ref().map(HeaderValue::as_bytes),
        }
    }

    /// Somebody tries a release out, who is no user.
    fn is_try(&self) -> bool {
        self.candidate.is_some() || self.stable.is_some()
    }
}

/// Answers a request.
pub(crate) async fn answer(
    worker: &Rc<Worker>,
    client: &Client,
    watch: &Arc<Watch>,
    mut request: Request<Incoming>,
) -> Response<Reply> {
    let upgrade = (request.version() == Version::HTTP_11)
        .then(|| headers::upgrade(request.headers()))
        .flatten();
    let on_upgrade = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let (mut parts, body) = request.into_parts();
    let id = headers::request_id(&parts.headers).cloned();
    let id = id.unwrap_or_else(|| worker.request_id());
    let mut record = Box::new(Record::open(worker, watch, &client.address, &parts, id));
    let ask = understand(&mut parts, client, &record.request_id, upgrade, on_upgrade);
    let answered = match ask {
        Ok(ask) => forward(&mut record, ask, parts, body).await,
        Err(why) => Err(Refusal::Malformed(why)),
    };
    match answered {
        Ok(passed) => pass_back(passed, record),
        Err(refusal) => refuse(refusal, record),
    }
}

/// Reads what the router needs and rewrites the headers for the instance.
fn understand(
    parts: &mut Parts,
    client: &Client,
    id: &HeaderValue,
    upgrade: Option<HeaderValue>,
    on_upgrade: Option<OnUpgrade>,
) -> Result<Ask, &'static str> {
    let host = headers::host(&parts.method, &parts.uri, parts.version, &parts.headers)?;
    let takes_trailers = headers::takes_trailers(&parts.headers);
    let candidate = parts.headers.remove(headers::CANDIDATE);
    let stable = parts.headers.remove(headers::STABLE);
    headers::remove_hop_by_hop(&mut parts.headers);
    if parts.version == Version::HTTP_2 {
        headers::join_cookies(&mut parts.headers);
    }
    headers::forward(&mut parts.headers, client, &host);
    parts.headers.insert(headers::REQUEST_ID, id.clone());
    Ok(Ask { host, candidate, stable, upgrade, on_upgrade, takes_trailers })
}

/// An answer of an instance, and how to go on with it.
struct Passing {
    answer: Answer,
    route: Arc<LiveRoute>,
    on_upgrade: Option<OnUpgrade>,
    draft: Option<Box<Draft>>,
}

async fn forward(
    record: &mut Record,
    mut ask: Ask,
    parts: Parts,
    body: Incoming,
) -> Result<Passing, Refusal> {
    let worker = record.worker().clone();
    let authority = ask.host.clone();
    let host = normal_host(authority.to_str().map_err(|_| Refusal::NoRoute)?);
    let mut unsent = Unsent::New(parts, body);
    let (roll, progress) = (worker.roll(), Progress::since(record.started()));
    let (mut held_until, mut tried, mut draft) = (None, Vec::new(), None);
    loop {
        let live = worker.live();
        let route = live.route(&host, record.path()).ok_or(Refusal::NoRoute)?.clone();
        let away = |refusal| turned_away(record, &route, refusal);
        match route.mode() {
            Mode::Serving => {}
            Mode::Maintenance => return Err(away(Refusal::Maintenance)),
            Mode::Paused { hold_limit } => {
                let until = *held_until.get_or_insert_with(|| held_from_now(&route, hold_limit));
                hold(&worker, &live, until).await.map_err(away)?;
                progress.touch();
                continue;
            }
        }
        let chosen = route.target(ask.shown(), unsent.headers(), roll);
        let chosen = chosen.ok_or_else(|| away(Refusal::NoInstance))?;
        record.assign(route.clone(), chosen);
        let target = &route.targets[chosen];
        let Some(instance) = target.instance(&tried) else {
            return Err(if tried.is_empty() { Refusal::NoInstance } else { Refusal::Unreachable });
        };
        let Ok(claim) = worker.plane.claim(&live, instance) else { continue };
        draft = unsent.draft(record, (&route, chosen), &ask).or(draft);
        let mut request = unsent.request(&route, &progress, draft.as_deref())?;
        record.claimed(claim);
        record.capture(&mut request, ask.is_try());
        if !tried.is_empty() {
            route.passage.retried();
        }
        let attempt = Attempt {
            worker: &worker,
            instance,
            route: &route,
            ask: &ask,
            uri: record.uri(),
            progress: &progress,
        };
        match attempt.run(request, target.h2c).await {
            Ok(answer) => {
                return Ok(Passing { answer, route, on_upgrade: ask.on_upgrade.take(), draft });
            }
            Err(Failed::NotReached(request)) => {
                record.unassign();
                progress.touch();
                unsent = again(&mut tried, instance.clone(), *request)?;
            }
            Err(Failed::Final(refusal)) => return Err(refusal),
        }
    }
}

/// The request for another instance, unless enough were tried.
fn again(
    tried: &mut Vec<Arc<Instance>>,
    unreached: Arc<Instance>,
    request: Request<Upload>,
) -> Result<Unsent, Refusal> {
    tried.push(unreached);
    if tried.len() > RETRIES {
        return Err(Refusal::Unreachable);
    }
    Ok(Unsent::Returned(request))
}

/// A request nothing of which was sent.
enum Unsent {
    New(Parts, Incoming),
    Returned(Request<Upload>),
    Taken,
}

impl Unsent {
    /// Those that go to the instance.
    fn headers(&self) -> Option<&HeaderMap> {
        match self {
            Self::New(parts, _) => Some(&parts.headers),
            Self::Returned(request) => Some(request.headers()),
            Self::Taken => None,
        }
    }

    /// For the copy that a candidate gets, if it gets one; a request that switches protocols has no answer to compare.
    fn draft(&self, record: &Record, to: (&LiveRoute, usize), ask: &Ask) -> Option<Box<Draft>> {
        let Self::New(parts, body) = self else { return None };
        // Who asks for the stable release by its token wants to see both.
        let is_chosen = to.0.is_token(ask.shown().stable);
        let asked = (record.uri(), &ask.host, is_chosen);
        ask.upgrade.is_none().then(|| Draft::of(record.worker(), to, (parts, body), asked))?
    }

    fn request(
        &mut self,
        route: &LiveRoute,
        progress: &Rc<Progress>,
        draft: Option<&Draft>,
    ) -> Result<Request<Upload>, Refusal> {
        let route = &route.route;
        match std::mem::replace(self, Self::Taken) {
            Self::New(parts, body) => {
                if route.max_body.is_some_and(|limit| body.size_hint().lower() > limit) {
                    return Err(Refusal::BodyTooLarge);
                }
                let gap = route.response_timeout;
                let kept = draft.and_then(Draft::upload);
                let upload = Upload::new(body, route.max_body, gap, progress, kept);
                Ok(Request::from_parts(parts, upload))
            }
            Self::Returned(request) => Ok(request),
            Self::Taken => Err(Refusal::BrokeOff),
        }
    }
}

/// A refusal of a request that may belong to no release; that of a release is counted there.
fn turned_away(record: &Record, route: &LiveRoute, refusal: Refusal) -> Refusal {
    if !record.is_assigned() {
        route.passage.turned_away();
    }
    refusal
}

/// Until when a request waits that begins to.
fn held_from_now(route: &LiveRoute, hold_limit: Duration) -> Instant {
    route.passage.held();
    Instant::now() + hold_limit
}

async fn hold(worker: &Worker, live: &crate::live::Live, until: Instant) -> Result<(), Refusal> {
    tokio::select! {
        held = timeout_at(until, worker.plane.replaced(live)) => {
            held.map_err(|_| Refusal::HeldTooLong)
        }
        () = worker.stopping() => Err(Refusal::HeldTooLong),
    }
}

fn refuse(refusal: Refusal, mut record: Box<Record>) -> Response<Reply> {
    record.refused(refusal);
    let (response, body) = refusal.answer(record.request_id.to_str().unwrap_or_default());
    response.map(|()| Reply::own(body, record))
}

fn pass_back(passing: Passing, mut record: Box<Record>) -> Response<Reply> {
    let Passing { answer, route, on_upgrade, mut draft } = passing;
    let Answer { mut response, connection } = answer;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switch(response, connection, on_upgrade, record);
    }
    record.answered(response.status());
    if let Some(draft) = &mut draft {
        let elapsed = record.started().elapsed();
        draft.answered(response.status(), response.headers(), elapsed);
    }
    record.announced(response.status(), response.headers());
    headers::remove_hop_by_hop(response.headers_mut());
    *response.version_mut() = Version::HTTP_11;
    let gap = gap(response.headers(), route.route.response_timeout);
    // What streams has no end to be compared at.
    let draft = draft.filter(|_| gap.is_some());
    response.map(|incoming| Reply::passed(incoming, (connection, draft), gap, record))
}

/// The longest silence within an answer; event streams may be silent for ever.
fn gap(headers: &HeaderMap, limit: Duration) -> Option<Duration> {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let streams = kind.starts_with(b"text/event-stream") || kind.starts_with(b"application/grpc");
    (!streams).then_some(limit)
}

fn switch(
    mut response: Response<Incoming>,
    connection: Option<Box<attempt::Connection>>,
    on_upgrade: Option<OnUpgrade>,
    mut record: Box<Record>,
) -> Response<Reply> {
    let upgrade = headers::upgrade(response.headers());
    let (Some(client), Some(connection), Some(upgrade)) = (on_upgrade, connection, upgrade) else {
        return refuse(Refusal::BrokeOff, record);
    };
    record.answered(response.status());
    headers::remove_hop_by_hop(response.headers_mut());
    headers::ask_upgrade(response.headers_mut(), upgrade);
    let open = record.worker().opened();
    tunnel::start(client, connection, record, open);
    response.map(|_| Reply::Switched)
}
