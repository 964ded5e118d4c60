//! What a collector receives: spans of calls, joined to their caller, and spans of what outlived a process.

use chrono::{DateTime, Utc};
use events::ReleaseId;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use service::Env;
use service::grpc::Server;
use service::telemetry::synthetic::{Recorded, Trace};
use service::telemetry::{Telemetry, continue_from, traceparent};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tracing::Instrument;

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct Collector(UnboundedSender<Span>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        for scope in resources.into_iter().flat_map(|resource| resource.scope_spans) {
            scope.spans.into_iter().for_each(|span| self.0.send(span).expect("the test listens"));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn collector() -> (SocketAddr, UnboundedReceiver<Span>) {
    let (sender, spans) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let router = Server::open().add(TraceServiceServer::new(Collector(sender))).into_router();
    tokio::spawn(service::http::serve(listener, router, CancellationToken::new()));
    (address, spans)
}

fn two_hours() -> Recorded {
    let start: DateTime<Utc> = DateTime::from_timestamp(1_700_000_000, 0).expect("in range");
    Recorded {
        key: String::new(),
        name: "RUN shop/production".to_owned(),
        start,
        end: start + chrono::TimeDelta::hours(2),
        attributes: vec![(service::semconv::PIPELINE_RESULT, "failure".to_owned())],
        error: Some("PROBE_TIMEOUT".to_owned()),
    }
}

/// One test, because telemetry is installed once per process.
#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_the_collector_with_their_parents_times_and_links() {
    let (address, mut spans) = collector().await;
    let env = Env::of([("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))]);
    let telemetry = Telemetry::install("test", &env);

    let span = tracing::info_span!("handle", trace_id = tracing::field::Empty);
    continue_from(&span, CALLER);
    let told = async { traceparent() }.instrument(span).await.expect("traces are on");
    let trace = Trace::of(ReleaseId::new(uuid::Uuid::nil())).linked_to(&told).root(two_hours());
    let id = trace.id();
    trace.export().await.expect("the collector answers");
    telemetry.flush().await;

    let root = spans.recv().await.expect("exported at once");
    assert_eq!(root.trace_id, id.to_bytes());
    assert_eq!(root.end_time_unix_nano - root.start_time_unix_nano, 7_200_000_000_000);
    assert_eq!(root.links.len(), 1);
    let live = spans.recv().await.expect("flushed");
    assert_eq!(live.name, "handle");
    assert_eq!(hex(&live.trace_id), &CALLER[3..35]);
    assert_eq!(hex(&live.parent_span_id), &CALLER[36..52]);
    assert_eq!(told, format!("00-{}-{}-01", hex(&live.trace_id), hex(&live.span_id)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
