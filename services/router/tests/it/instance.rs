//! An instance of an application, with a behaviour for each path.

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzEncoder;
use futures_util::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

type Body = UnsyncBoxBody<Bytes, &'static str>;

/// A running instance; it ends when this is dropped.
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) release: String,
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    _end: DropGuard,
}

struct State {
    name: &'static str,
    requests: watch::Sender<usize>,
    connections: AtomicUsize,
    /// How many held requests may be answered.
    answers: Semaphore,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Bytes>>,
    tell: mpsc::UnboundedSender<Bytes>,
}

impl Instance {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (tell, events) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            name,
            requests: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
            answers: Semaphore::new(0),
            events: tokio::sync::Mutex::new(events),
            tell,
        });
        Self::on(listener, state)
    }

    fn on(listener: TcpListener, state: Arc<State>) -> Self {
        let end = CancellationToken::new();
        let address = listener.local_addr().expect("bound");
        tokio::spawn(serve(listener, state.clone(), end.clone()));
        let id = || service::new_id().to_string();
        Self { id: id(), release: id(), address, state, _end: end.drop_guard() }
    }

    /// An instance of the same release.
    pub(crate) fn beside(self, other: &Self) -> Self {
        Self { release: other.release.clone(), ..self }
    }

    /// Known by its identity, but reached at another address.
    pub(crate) fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    pub(crate) fn requests(&self) -> usize {
        *self.state.requests.borrow()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// Waits until this many requests have come.
    pub(crate) async fn received(&self, count: usize) {
        let mut requests = self.state.requests.subscribe();
        requests.wait_for(|&seen| seen >= count).await.expect("the instance lives");
    }

    /// Lets one request for `/held` be answered.
    pub(crate) fn answer_one(&self) {
        self.state.answers.add_permits(1);
    }

    /// Sends an event to who listens on `/events`.
    pub(crate) fn tell(&self, event: &'static str) {
        self.state.tell.send(Bytes::from(event)).expect("somebody listens");
    }
}

async fn serve(listener: TcpListener, state: Arc<State>, end: CancellationToken) {
    loop {
        let (stream, _) = tokio::select! {
            () = end.cancelled() => return,
            accepted = listener.accept() => accepted.expect("accepted"),
        };
        state.connections.fetch_add(1, SeqCst);
        tokio::spawn(converse(stream, state.clone(), end.clone()));
    }
}

async fn converse(stream: TcpStream, state: Arc<State>, end: CancellationToken) {
    stream.set_nodelay(true).expect("a socket");
    let service = service_fn(move |request| answer(state.clone(), request));
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::select! {
        () = end.cancelled() => {}
        _ended = connection => {}
    }
}

async fn answer(
    state: Arc<State>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, &'static str> {
    state.requests.send_modify(|count| *count += 1);
    let path = request.uri().path().to_owned();
    Ok(match path.as_str() {
        "/headers" => headers(&request),
        "/echo" => Response::new(request.into_body().map_err(broken).boxed_unsync()),
        "/count" => text(count(request.into_body()).await.to_string()),
        "/early" => status(StatusCode::UNAUTHORIZED),
        "/held" => {
            state.answers.acquire().await.expect("open").forget();
            text(state.name)
        }
        "/events" => events(state),
        "/half" => half(),
        "/large" => text("x".repeat(3 << 20)),
        "/abort" => return Err("as asked"),
        "/who" => json(format!("{{\"name\": \"{}\", \"items\": [{{\"n\": 1}}]}}", state.name)),
        "/packed" => encoded(packed(&format!("{{\"name\": \"{}\"}}", state.name)), "gzip"),
        // It is not, but nobody looks.
        "/sealed" => encoded(format!("{{\"name\": \"{}\"}}", state.name), "br"),
        "/size" => json(format!("{{\"bytes\": {}}}", count(request.into_body()).await)),
        "/fails" if state.name == "candidate" => status(StatusCode::INTERNAL_SERVER_ERROR),
        "/upgrade" => upgrade(&mut request),
        "/trailers" => trailers(request).await,
        _ => text(state.name),
    })
}

fn broken<E>(_: E) -> &'static str {
    "the request broke off"
}

fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(text.into()).map_err(broken).boxed_unsync())
}

fn json(text: impl Into<Bytes>) -> Response<Body> {
    let mut response = self::text(text);
    let kind = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", kind);
    response
}

fn encoded(json: impl Into<Bytes>, with: &'static str) -> Response<Body> {
    let mut response = self::json(json);
    response.headers_mut().insert("content-encoding", http::HeaderValue::from_static(with));
    response
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut packing = GzEncoder::new(text.as_bytes(), Compression::fast());
    std::io::Read::read_to_end(&mut packing, &mut packed).expect("packed");
    packed
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = text("");
    *response.status_mut() = status;
    response
}

fn headers(request: &Request<Incoming>) -> Response<Body> {
    let mut lines: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    lines.sort();
    text(format!("{} {:?}\n{}", request.uri(), request.version(), lines.join("\n")))
}

async fn count(mut body: Incoming) -> usize {
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    bytes
}

fn events(state: Arc<State>) -> Response<Body> {
    let events = futures_util::stream::unfold(state, |state| async move {
        let event = state.events.lock().await.recv().await?;
        Some((Ok(Frame::data(event)), state))
    });
    let mut response = Response::new(StreamBody::new(events).boxed_unsync());
    let kind = http::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert("content-type", kind);
    response
}

/// Some of a body, and then nothing for ever.
fn half() -> Response<Body> {
    let first = futures_util::stream::iter([Ok(Frame::data(Bytes::from("half")))]);
    Response::new(StreamBody::new(first.chain(futures_util::stream::pending())).boxed_unsync())
}

/// Says back what it hears over the upgraded connection.
fn upgrade(request: &mut Request<Incoming>) -> Response<Body> {
    let upgraded = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgraded.await.expect("upgraded"));
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            stream.write_all(&buffer[..count]).await.expect("written");
        }
    });
    let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
    for (name, value) in [("connection", "upgrade"), ("upgrade", "echo")] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

/// Answers as a gRPC server: what came, then trailers.
async fn trailers(request: Request<Incoming>) -> Response<Body> {
    let te = request.headers().get("te").cloned();
    let body = request.into_body().collect().await.expect("a body").to_bytes();
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let frames = [Ok(Frame::data(body)), Ok(Frame::trailers(trailers))];
    let mut response =
        Response::new(StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync());
    let kind = http::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    response.headers_mut().extend(te.map(|te| (http::HeaderName::from_static("seen-te"), te)));
    response
}
