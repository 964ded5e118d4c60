//! What a collector receives: spans of calls, joined to their caller, and spans of what outlived a process.

use chrono::{DateTime, Utc};
use events::ReleaseId;
use service::Env;
use service::telemetry::synthetic::{Recorded, Trace};
use service::telemetry::{Telemetry, continue_from, traceparent};
use testkit::Collector;
use tracing::Instrument;

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

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
    let collector = Collector::start();
    let env = Env::of([("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())]);
    let telemetry = Telemetry::install("test", &env);

    let span = tracing::info_span!("handle", trace_id = tracing::field::Empty);
    continue_from(&span, CALLER);
    let told = async { traceparent() }.instrument(span).await.expect("traces are on");
    let trace = Trace::of(ReleaseId::new(uuid::Uuid::nil())).linked_to(&told).root(two_hours());
    let id = trace.id();
    trace.export().await.expect("the collector answers");
    telemetry.flush().await;

    let spans: Vec<_> = collector.spans().into_iter().map(|(_, span)| span).collect();
    let [root, live] = &spans[..] else { unreachable!("{spans:?}") };
    assert_eq!(root.trace_id, id.to_bytes());
    assert_eq!(root.end_time_unix_nano - root.start_time_unix_nano, 7_200_000_000_000);
    assert_eq!(root.links.len(), 1);
    assert_eq!(live.name, "handle");
    assert_eq!(hex(&live.trace_id), &CALLER[3..35]);
    assert_eq!(hex(&live.parent_span_id), &CALLER[36..52]);
    assert_eq!(told, format!("00-{}-{}-01", hex(&live.trace_id), hex(&live.span_id)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
