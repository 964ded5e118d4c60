//! Asks candidates for copies of requests, on a thread of its own with connections of its own: whatever they do, no
//! worker waits.

use super::Kept;
use super::compare::{Answer, Body, compare, is_json, is_sealed};
use super::counters::Permit;
use crate::instance::Claim;
use crate::plane::Plane;
use crate::table::{Capture, Shadow};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout_at;

/// How long a connection is kept that nobody uses: an instance that is to stop does not wait for it.
const IDLE: Duration = Duration::from_secs(2);
/// How often a copy looks for the candidate while tables are replaced.
const TRIES: usize = 3;

/// A request, and what the stable release answered.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) permit: Permit,
    pub(super) route: String,
    pub(super) method: Method,
    pub(super) path: PathAndQuery,
    pub(super) headers: HeaderMap,
    pub(super) upload: Bytes,
    pub(super) stable: Answer,
}

/// See the module. How many copies wait is bounded by their permits.
#[derive(Debug, Clone)]
pub(crate) struct Mirror(UnboundedSender<Copied>);

impl Mirror {
    /// Ends when all workers have ended.
    pub(crate) fn start(plane: Arc<Plane>) -> io::Result<Self> {
        let (copies, waiting) = unbounded_channel();
        std::thread::Builder::new().name("shadow".to_owned()).spawn(move || {
            match Builder::new_current_thread().enable_all().max_blocking_threads(1).build() {
                Ok(runtime) => runtime.block_on(Asker::new(plane).serve(waiting)),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "starting to copy");
                }
            }
        })?;
        Ok(Self(copies))
    }

    /// Without waiting for anything.
    pub(super) fn ask(&self, copied: Copied) {
        if let Err(refused) = self.0.send(copied) {
            refused.0.permit.counters().dropped();
        }
    }
}

struct Asker {
    plane: Arc<Plane>,
    http1: Client<HttpConnector, Full<Bytes>>,
    http2: Client<HttpConnector, Full<Bytes>>,
}

/// An instance of the candidate, and how it is asked.
struct Asked {
    claim: Claim,
    h2c: bool,
    shadow: Shadow,
    /// Of requests of which the prediction is captured.
    capture: Option<Arc<Capture>>,
}

impl Asker {
    fn new(plane: Arc<Plane>) -> Self {
        let client = |only_http2: bool| {
            let mut connector = HttpConnector::new();
            connector.set_nodelay(true);
            Client::builder(TokioExecutor::new())
                .pool_idle_timeout(IDLE)
                .pool_timer(TokioTimer::new())
                .http2_only(only_http2)
                .build(connector)
        };
        Self { plane, http1: client(false), http2: client(true) }
    }

    async fn serve(self, mut waiting: UnboundedReceiver<Copied>) {
        let mut asked = FuturesUnordered::new();
        loop {
            tokio::select! {
                copied = waiting.recv() => match copied {
                    Some(copied) => asked.push(self.ask(copied)),
                    None => return,
                },
                Some(()) = asked.next() => {}
            }
        }
    }

    async fn ask(&self, mut copied: Copied) {
        let Some(asked) = self.find(&copied.route, copied.path.path()) else {
            return copied.permit.counters().dropped();
        };
        let Some(request) = request(&mut copied, &asked) else {
            return copied.permit.counters().dropped();
        };
        let candidate = self.answer(request, &asked).await;
        let Asked { claim, shadow, capture, .. } = asked;
        drop(claim);
        let Copied { permit, stable, .. } = copied;
        let comparing = move || {
            let outcome = compare(&stable, &candidate, &shadow, capture.as_deref());
            permit.counters().compared(&stable, &candidate, outcome);
        };
        // Elsewhere, so that no other answer seems slow meanwhile.
        if let Err(error) = tokio::task::spawn_blocking(comparing).await {
            tracing::error!(error = &error as &dyn std::error::Error, "comparing answers");
        }
    }

    /// An instance of the candidate that the table in force names.
    fn find(&self, route: &str, path: &str) -> Option<Asked> {
        for _ in 0..TRIES {
            let live = self.plane.live();
            let routes = &live.table.routes;
            let found = routes.binary_search_by(|known| known.name.as_str().cmp(route)).ok()?;
            let shadow = routes[found].shadow.clone()?;
            let candidate = routes[found].targets.iter().position(|target| target.candidate)?;
            let capture = routes[found].targets[candidate].capture.clone();
            let capture = capture
                .filter(|capture| capture.has_prediction() && capture.path_prefix.covers(path));
            let target = &live.routes[found].targets[candidate];
            let instance = target.instance(&[])?;
            if let Ok(claim) = self.plane.claim(&live, instance) {
                return Some(Asked { claim, h2c: target.h2c, shadow, capture });
            }
        }
        None
    }

    /// The candidate's answer; what is none is 502, or 504 when it took too long.
    async fn answer(&self, request: Request<Full<Bytes>>, asked: &Asked) -> Answer {
        let started = Instant::now();
        let until = (started + asked.shadow.timeout).into();
        let none =
            |status: StatusCode| Answer { status, elapsed: started.elapsed(), body: Body::Unread };
        let client = if asked.h2c { &self.http2 } else { &self.http1 };
        let response = match timeout_at(until, client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => return none(StatusCode::BAD_GATEWAY),
            Err(_) => return none(StatusCode::GATEWAY_TIMEOUT),
        };
        let (status, elapsed) = (response.status(), started.elapsed());
        match timeout_at(until, body(response, asked.shadow.max_body)).await {
            Ok(Ok(body)) => Answer { status, elapsed, body },
            Ok(Err(_)) => none(StatusCode::BAD_GATEWAY),
            Err(_) => none(StatusCode::GATEWAY_TIMEOUT),
        }
    }
}

fn request(copied: &mut Copied, asked: &Asked) -> Option<Request<Full<Bytes>>> {
    let address = asked.claim.instance().address.as_str();
    let uri = format!("http://{address}{}", copied.path);
    let mut request = Request::new(Full::new(std::mem::take(&mut copied.upload)));
    *request.uri_mut() = uri.parse().ok()?;
    *request.method_mut() = copied.method.clone();
    *request.headers_mut() = std::mem::take(&mut copied.headers);
    if asked.h2c {
        // It is told by the address there.
        request.headers_mut().remove(HOST);
    }
    Some(request)
}

/// Reads the body; of what is larger than `most`, or cannot be unpacked, nothing is kept.
async fn body(response: Response<Incoming>, most: usize) -> Result<Body, hyper::Error> {
    let is_json = is_json(response.headers());
    let mut kept = Kept::up_to(if is_sealed(response.headers()) { 0 } else { most });
    let mut body = response.into_body();
    let mut left = most;
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        let Some(part) = frame.data_ref() else { continue };
        // What is too large is not read to its end.
        let Some(still) = left.checked_sub(part.len()) else {
            return Ok(if is_json { Body::Unread } else { Body::Other });
        };
        left = still;
        kept.part(part);
    }
    kept.completed();
    Ok(match (is_json, kept.whole()) {
        (true, Some(json)) => Body::Json(json),
        (false, _) => Body::Other,
        (true, None) => Body::Unread,
    })
}
