//! A router that serves, its control, and clients.

use crate::instance::Instance;
use crate::table::{Draft, table};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use proto::v1::router_service_client::RouterServiceClient;
use proto::v1::{self, ApplyTableRequest, AwaitDrainedRequest, GetStatsRequest};
use router::Config;
use service::Secret;
use service::internal::Internal;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Request as Call, Status};

type Http = Client<HttpConnector, Full<Bytes>>;

/// Everything comes about within this, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// See the module.
pub(crate) struct World {
    pub(crate) traffic: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) data: Arc<tempfile::TempDir>,
    http: Http,
    internal: Internal,
    grpc: RouterServiceClient<Channel>,
    generation: AtomicU64,
    stop: CancellationToken,
    running: JoinHandle<Result<(), router::RouterError>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A router that is told something else than usual.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Arc::new(tempfile::tempdir().expect("a directory")), change).await
    }

    /// A router with the data of another one.
    pub(crate) async fn on(data: Arc<tempfile::TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let token = Secret::new("internal-token");
        let mut config = Config::local(data.path().to_owned(), token.clone());
        change(&mut config);
        let router = router::start(config).await.expect("started");
        let (traffic, control) = (router.traffic_address(), router.control_address());
        let stop = CancellationToken::new();
        let running = tokio::spawn(router.run(stop.clone()));
        let channel = service::internal::channel(&format!("http://{control}")).expect("a url");
        Self {
            traffic,
            control,
            data,
            http: Client::builder(TokioExecutor::new()).build_http(),
            internal: Internal::new(&token).expect("a token"),
            grpc: RouterServiceClient::new(channel),
            generation: AtomicU64::new(0),
            stop,
            running,
        }
    }

    /// Waits until `look` finds something.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        testkit::eventually(what, PATIENCE, look).await
    }

    /// Puts a table of the next generation in force.
    pub(crate) async fn apply(&self, routes: impl IntoIterator<Item = Draft>) {
        let generation = self.generation.fetch_add(1, SeqCst) + 1;
        self.try_apply(table(generation, routes)).await.expect("in force");
    }

    pub(crate) async fn try_apply(&self, table: v1::RouteTable) -> Result<u64, Status> {
        let request = self.internal.request(ApplyTableRequest { table: Some(table) });
        Ok(self.grpc.clone().apply_table(request).await?.into_inner().generation)
    }

    pub(crate) async fn stats(&self) -> v1::GetStatsResponse {
        let request: Call<GetStatsRequest> = self.internal.request(GetStatsRequest::default());
        self.grpc.clone().get_stats(request).await.expect("stats").into_inner()
    }

    /// What befell the requests of the only route.
    pub(crate) async fn befell(&self) -> v1::RouteStats {
        v1::RouteStats { route: String::new(), ..self.stats().await.routes.remove(0) }
    }

    pub(crate) async fn table(&self) -> v1::RouteTable {
        let request = self.internal.request(v1::GetTableRequest {});
        self.grpc
            .clone()
            .get_table(request)
            .await
            .expect("a table")
            .into_inner()
            .table
            .expect("set")
    }

    /// What is still in flight when `instances` are drained or the time is over.
    pub(crate) async fn drained(&self, instances: &[&Instance], within: Duration) -> Vec<u64> {
        let mut request = self.internal.request(AwaitDrainedRequest {
            instances: instances.iter().map(|instance| instance.id.clone()).collect(),
            timeout: Some(proto::time::duration(within)),
        });
        request.set_timeout(within + PATIENCE);
        let answer = self.grpc.clone().await_drained(request).await.expect("an answer");
        answer.into_inner().remaining.iter().map(|stats| stats.in_flight).collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path)).await
    }

    /// Sends a request without a body.
    pub(crate) async fn ask(&self, request: http::request::Builder) -> Answer {
        self.send(request.body(Full::default()).expect("a request")).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        self.send(Request::post(path).body(Full::new(body.into())).expect("a request")).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Full::new(body.into())).expect("a request")).await
    }

    /// How many captured requests had this outcome.
    pub(crate) async fn samples(&self, outcome: &str) -> u64 {
        let page = self.page("/metrics").await.body;
        let line = format!("router_samples_total{{outcome=\"{outcome}\"}} ");
        let found = page.lines().find_map(|found| found.split_once(&line));
        found.expect("it is counted").1.parse().expect("a number")
    }

    async fn send(&self, mut request: Request<Full<Bytes>>) -> Answer {
        let uri = format!("http://{}{}", self.traffic, request.uri());
        *request.uri_mut() = uri.parse().expect("a uri");
        read(self.http.request(request).await.expect("an answer")).await
    }

    /// A connection on which bytes are written as they are.
    pub(crate) async fn raw(&self, bytes: &str) -> Raw {
        let mut stream = TcpStream::connect(self.traffic).await.expect("connected");
        // A router that has heard enough may be gone before all is written; what it said is there to be read.
        drop(stream.write_all(bytes.as_bytes()).await);
        Raw(stream)
    }

    /// Clients that ask again and again until they are told to stop.
    pub(crate) fn load(self: &Arc<Self>, clients: usize) -> Load {
        let over = Arc::new(AtomicBool::new(false));
        let clients = (0..clients).map(|_| tokio::spawn(keep_asking(self.clone(), over.clone())));
        Load { clients: clients.collect(), over }
    }

    /// What the router says of itself on its control address.
    pub(crate) async fn page(&self, path: &str) -> Answer {
        let uri = format!("http://{}{path}", self.control).parse().expect("a uri");
        read(self.http.get(uri).await.expect("an answer")).await
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Tells the router to stop, without waiting.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Stops the router and waits for its end.
    pub(crate) async fn ended(self) {
        self.stop.cancel();
        self.running.await.expect("no panic").expect("no error");
    }
}

pub(crate) async fn read<B>(response: Response<B>) -> Answer
where
    B: hyper::body::Body<Error: std::fmt::Debug>,
{
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Answer { status: head.status, headers: head.headers, body }
}

async fn keep_asking(world: Arc<World>, over: Arc<AtomicBool>) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !over.load(SeqCst) {
        answers.push(world.get("/").await);
    }
    answers
}

/// Clients at work.
pub(crate) struct Load {
    clients: Vec<JoinHandle<Vec<Answer>>>,
    over: Arc<AtomicBool>,
}

impl Load {
    /// All answers.
    pub(crate) async fn stop(self) -> Vec<Answer> {
        self.over.store(true, SeqCst);
        let mut answers = Vec::new();
        for client in self.clients {
            answers.extend(client.await.expect("no panic"));
        }
        answers
    }
}

/// See [`World::raw`].
pub(crate) struct Raw(TcpStream);

impl Raw {
    /// As in [`World::raw`].
    pub(crate) async fn write(&mut self, bytes: &str) {
        drop(self.0.write_all(bytes.as_bytes()).await);
    }

    /// Reads until `end` was read.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let byte = self.0.read_u8().await.ok();
            assert!(byte.is_some(), "ended after {:?}", String::from_utf8_lossy(&read));
            read.extend(byte);
        }
        String::from_utf8(read).expect("text")
    }

    /// Reads until the router closes the connection.
    pub(crate) async fn rest(mut self) -> String {
        let mut read = Vec::new();
        // A reset is an end as well.
        let _ended = self.0.read_to_end(&mut read).await;
        String::from_utf8(read).expect("text")
    }
}
