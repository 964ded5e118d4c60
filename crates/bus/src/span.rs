//! The span an event is handled in: every line logged meanwhile says which event, delivery and trace it is of.

use events::Envelope;
use service::telemetry::continue_from;
use tracing::Span;
use tracing::field::Empty;

/// The span of `envelope`, below the one it was said in.
pub(crate) fn of(envelope: &Envelope) -> Span {
    let span = tracing::info_span!(
        "process event",
        otel.name = format!("process {}", envelope.event_type),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.message.id = %envelope.id,
        cloudevents.event_type = %envelope.event_type,
        slipway.app = %envelope.app,
        delivery.id = Empty,
        trace_id = Empty,
    );
    if let Some(delivery) = envelope.data.get("delivery").and_then(serde_json::Value::as_str) {
        span.record("delivery.id", delivery);
    }
    if let Some(traceparent) = &envelope.traceparent {
        continue_from(&span, traceparent);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{AppName, EventId, EventType};
    use std::io::{BufRead, BufReader};
    use std::sync::Mutex;
    use uuid::Uuid;

    fn pushed(traceparent: Option<&str>) -> Envelope {
        Envelope {
            id: EventId::new(Uuid::from_u128(7)),
            event_type: EventType::SourcePushed,
            source: "gateway".to_owned(),
            at: chrono::DateTime::UNIX_EPOCH,
            app: AppName::parse("shop").unwrap(),
            traceparent: traceparent.map(str::to_owned),
            data: serde_json::json!({"delivery": Uuid::from_u128(9)}),
        }
    }

    /// The `span` of a line that is logged in the span of `envelope`.
    fn logged(envelope: &Envelope) -> serde_json::Value {
        let (reader, writer) = std::io::pipe().unwrap();
        let log = tracing_subscriber::fmt().json().with_writer(Mutex::new(writer)).finish();
        tracing::subscriber::with_default(log, || {
            of(envelope).in_scope(|| tracing::info!("a handler says something"));
        });
        let line = BufReader::new(reader).lines().next().unwrap().unwrap();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["span"].clone()
    }

    #[test]
    fn a_line_of_a_handler_names_event_delivery_and_trace() {
        let span = logged(&pushed(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));
        assert_eq!(span["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span["messaging.message.id"], Uuid::from_u128(7).to_string());
        assert_eq!(span["delivery.id"], Uuid::from_u128(9).to_string());
        assert_eq!(span["slipway.app"], "shop");
    }

    #[test]
    fn an_event_without_a_trace_has_the_rest() {
        let span = logged(&pushed(None));
        assert!(span["trace_id"].is_null());
        assert_eq!(span["cloudevents.event_type"], "source.pushed");
    }
}
