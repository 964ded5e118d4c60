//! Spans of what outlives a process. The trace of a release and every span in it have ids derived from
//! the release, and are made of recorded timestamps when it ends: whoever closes it, and however often,
//! the same spans appear.

use super::TraceParent;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use std::time::SystemTime;

static EXPORTER: OnceLock<SpanExporter> = OnceLock::new();

pub(super) fn install(mut exporter: SpanExporter, resource: &Resource) {
    exporter.set_resource(resource);
    if EXPORTER.set(exporter).is_err() {
        tracing::debug!("the exporter of synthetic spans is installed already");
    }
}

/// A span that was recorded somewhere else.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What tells it from the other spans of the trace, as `shifting.2`.
    pub key: String,
    /// What people read.
    pub name: String,
    /// When it began.
    pub start: DateTime<Utc>,
    /// When it ended.
    pub end: DateTime<Utc>,
    /// Names from [`crate::semconv`] and their values.
    pub attributes: Vec<(&'static str, String)>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// The trace of one release: its root span and the spans below it.
#[derive(Debug, Clone)]
pub struct Trace {
    release: ReleaseId,
    parent: Option<TraceParent>,
    links: Vec<SpanContext>,
    spans: Vec<SpanData>,
}

impl Trace {
    /// The trace of `release`, without spans yet.
    pub const fn of(release: ReleaseId) -> Self {
        Self { release, parent: None, links: Vec::new(), spans: Vec::new() }
    }

    /// The same as part of the trace that `traceparent` names, so that one trace leads from the webhook to
    /// live; without it, or when it does not parse, the trace begins with the release.
    #[must_use]
    pub fn continuing(mut self, traceparent: Option<&str>) -> Self {
        self.parent = traceparent.and_then(TraceParent::parse);
        self
    }

    /// The id of the trace, for people and dashboards.
    pub fn id(&self) -> TraceId {
        if let Some(parent) = &self.parent {
            return parent.trace;
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash(self.release, "trace")[..16]);
        TraceId::from_bytes(bytes)
    }

    /// The root span, for who works on the release: what they do appears below it.
    pub fn traceparent(&self) -> TraceParent {
        TraceParent { trace: self.id(), span: self.span_id(ROOT), sampled: true }
    }

    /// Says that what `traceparent` names led to this release: the webhook, the build, the release before.
    #[must_use]
    pub fn linked_to(mut self, traceparent: &str) -> Self {
        self.links.extend(TraceParent::parse(traceparent).map(TraceParent::span_context));
        self
    }

    /// The whole release, as `RUN shop/production`. Its key does not matter.
    #[must_use]
    pub fn root(mut self, recorded: Recorded) -> Self {
        let parent = self.parent.map_or(SpanId::INVALID, |parent| parent.span);
        let mut span = self.span_data(ROOT, parent, SpanKind::Server, recorded);
        span.links = links(&self.links);
        self.spans.push(span);
        self
    }

    /// A step of the release, below the root.
    #[must_use]
    pub fn step(mut self, recorded: Recorded) -> Self {
        let key = recorded.key.clone();
        let root = self.span_id(ROOT);
        self.spans.push(self.span_data(&key, root, SpanKind::Internal, recorded));
        self
    }

    /// Sends the spans; does nothing when traces are off.
    pub async fn export(self) -> Result<(), OTelSdkError> {
        match EXPORTER.get() {
            Some(exporter) => exporter.export(self.spans).await,
            None => Ok(()),
        }
    }

    fn span_id(&self, key: &str) -> SpanId {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash(self.release, key)[8..16]);
        SpanId::from_bytes(bytes)
    }

    fn span_data(&self, key: &str, parent: SpanId, kind: SpanKind, recorded: Recorded) -> SpanData {
        let (trace, span) = (self.id(), self.span_id(key));
        let attribute = |(name, value): (&'static str, String)| KeyValue::new(name, value);
        SpanData {
            span_context: SpanContext::new(
                trace,
                span,
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: parent,
            parent_span_is_remote: false,
            span_kind: kind,
            name: recorded.name.into(),
            start_time: SystemTime::from(recorded.start),
            end_time: SystemTime::from(recorded.end.max(recorded.start)),
            attributes: recorded.attributes.into_iter().map(attribute).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: recorded.error.map_or(Status::Unset, Status::error),
            instrumentation_scope: InstrumentationScope::builder("slipway").build(),
        }
    }
}

const ROOT: &str = "span";

fn hash(release: ReleaseId, key: &str) -> [u8; 32] {
    Sha256::digest(format!("{release}/{key}")).into()
}

fn links(contexts: &[SpanContext]) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links = contexts.iter().map(|context| Link::with_context(context.clone())).collect();
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(key: &str, from: i64, to: i64) -> Recorded {
        let at = |second| DateTime::from_timestamp(second, 0).expect("in range");
        Recorded {
            key: key.to_owned(),
            name: key.to_owned(),
            start: at(from),
            end: at(to),
            attributes: vec![(crate::semconv::TASK_NAME, key.to_owned())],
            error: None,
        }
    }

    fn trace() -> Trace {
        Trace::of(ReleaseId::new(uuid::Uuid::nil()))
            .linked_to("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            .root(recorded("RUN shop/production", 0, 7200))
            .step(recorded("starting", 10, 20))
    }

    #[test]
    fn the_ids_of_a_release_are_always_the_same() {
        assert_eq!(trace().traceparent(), trace().traceparent());
        insta::assert_snapshot!(trace().traceparent(), @"00-ea89ca5505249896346c732bc23b0e2d-d13df115afef48a0-01");
        let other = Trace::of(ReleaseId::new(uuid::Uuid::max()));
        assert_ne!(other.id(), trace().id());
    }

    #[test]
    fn steps_are_below_the_root_and_the_root_is_linked_to_its_cause() {
        let trace = trace();
        let [root, step] = trace.spans.as_slice() else { unreachable!("two spans") };
        assert_eq!(root.span_context.span_id(), trace.traceparent().span);
        assert_eq!(step.parent_span_id, root.span_context.span_id());
        assert_eq!(root.links.links.len(), 1);
        assert_eq!(step.span_context.trace_id(), trace.id());
    }

    #[tokio::test]
    async fn without_a_collector_nothing_is_sent() {
        assert!(trace().export().await.is_ok());
    }
}
