//! Trace context as text, for headers and rows.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The W3C `traceparent` of the current span; nothing when it is not traced.
pub fn traceparent() -> Option<String> {
    let context = tracing::Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| {
        format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8())
    })
}

/// Makes `span` a child of the span that `traceparent` names; does nothing when it does not parse.
pub fn continue_from(span: &tracing::Span, traceparent: &str) {
    if let Some(parent) = parse(traceparent) {
        let context = opentelemetry::Context::new().with_remote_span_context(parent);
        // Fails only for a span that has begun, and then it keeps the parent it has.
        drop(span.set_parent(context));
    }
}

fn parse(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let sizes = (version.len(), trace.len(), span.len(), flags.len());
    if sizes != (2, 32, 16, 2) {
        return None;
    }
    let trace = TraceId::from_hex(trace).ok()?;
    let span = SpanId::from_hex(span).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_traceparent_names_a_span() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = parse(good).expect("the example of the W3C");
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(
            parse(&good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32))).is_none()
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}") {
            let valid = parse(&text).is_none_or(|context| context.is_valid());
            prop_assert!(valid);
        }
    }
}
