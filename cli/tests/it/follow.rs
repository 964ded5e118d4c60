//! What is followed while the platform goes away and comes back: the real program, and a platform at the wire.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use proto::v1::event_service_server::{EventService, EventServiceServer};
use proto::v1::{
    DropParkedEventRequest, DropParkedEventResponse, Event, ListParkedEventsRequest,
    ListParkedEventsResponse, RetryParkedEventRequest, RetryParkedEventResponse,
    WatchEventsRequest, WatchEventsResponse,
};
use std::net::SocketAddr;
use std::process::{Child, Command};
use std::time::Duration;
use tempfile::NamedTempFile;
use testkit::{Loopback, Mode, Proxy, eventually};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// What is followed appears within this.
const PATIENCE: Duration = Duration::from_mins(1);

/// A platform on which so many events have happened.
#[derive(Clone)]
struct Platform(watch::Receiver<u64>);

impl Platform {
    async fn start(happened: watch::Receiver<u64>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = service::grpc::Server::open().add(EventServiceServer::new(Self(happened)));
        let stop = CancellationToken::new();
        tokio::spawn(service::http::serve(listener, server.into_router(), stop));
        address
    }
}

fn event(sequence: u64) -> WatchEventsResponse {
    let event = Event { sequence, r#type: "release.live".to_owned(), ..Event::default() };
    WatchEventsResponse { event: Some(event), next_sequence: sequence + 1 }
}

#[tonic::async_trait]
impl EventService for Platform {
    type WatchEventsStream = BoxStream<'static, Result<WatchEventsResponse, Status>>;

    async fn watch_events(
        &self,
        request: Request<WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let from = request.into_inner().from_sequence.max(1);
        let events = stream::unfold((from, self.0.clone()), |(next, mut happened)| async move {
            happened.wait_for(|last| *last >= next).await.ok()?;
            Some((Ok(event(next)), (next + 1, happened)))
        });
        Ok(Response::new(events.boxed()))
    }

    async fn list_parked_events(
        &self,
        _: Request<ListParkedEventsRequest>,
    ) -> Result<Response<ListParkedEventsResponse>, Status> {
        Ok(Response::new(ListParkedEventsResponse::default()))
    }

    async fn retry_parked_event(
        &self,
        _: Request<RetryParkedEventRequest>,
    ) -> Result<Response<RetryParkedEventResponse>, Status> {
        Ok(Response::new(RetryParkedEventResponse::default()))
    }

    async fn drop_parked_event(
        &self,
        _: Request<DropParkedEventRequest>,
    ) -> Result<Response<DropParkedEventResponse>, Status> {
        Ok(Response::new(DropParkedEventResponse::default()))
    }
}

/// `slipway events --follow`; it ends with the test.
struct Followed {
    program: Child,
    shown: NamedTempFile,
    noted: NamedTempFile,
}

impl Followed {
    fn at(platform: SocketAddr) -> Self {
        let [shown, noted] = [(); 2].map(|()| NamedTempFile::new().expect("a file"));
        let program = Command::new(env!("CARGO_BIN_EXE_slipway"))
            .env_clear()
            .args(["--data-dir", "/nonexistent", "--server", &format!("http://{platform}")])
            .args(["events", "--follow"])
            .stdout(shown.reopen().expect("a file"))
            .stderr(noted.reopen().expect("a file"))
            .spawn();
        Self { program: program.expect("it can be run"), shown, noted }
    }

    fn sequences(&self) -> Vec<u64> {
        let shown = std::fs::read_to_string(self.shown.path()).expect("text");
        let first = |line: &str| line.split_whitespace().next()?.parse().ok();
        // A line that is not whole yet is another number.
        let whole = shown.rsplit_once('\n').map_or("", |(lines, _)| lines);
        whole.lines().skip(1).filter_map(first).collect()
    }

    async fn shows(&self, wanted: &[u64]) {
        let what = format!("the events {wanted:?}");
        eventually(&what, PATIENCE, async || (self.sequences() == wanted).then_some(())).await;
    }

    fn notes(&self) -> usize {
        let noted = std::fs::read_to_string(self.noted.path()).expect("text");
        noted.matches("going on where it ended").count()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_the_platform_is_away_is_shown_once_when_it_is_back() {
    let (happened, events) = watch::channel(2);
    let address = Loopback::unused().port(8801);
    let wire = Proxy::tcp(address, Platform::start(events).await);
    let followed = Followed::at(address);
    followed.shows(&[1, 2]).await;
    wire.set(Mode::Reset);
    happened.send_replace(4);
    eventually("a note", PATIENCE, async || (followed.notes() == 1).then_some(())).await;
    wire.set(Mode::Pass);
    followed.shows(&[1, 2, 3, 4]).await;
    happened.send_replace(5);
    followed.shows(&[1, 2, 3, 4, 5]).await;
    assert_eq!(followed.notes(), 1);
}
