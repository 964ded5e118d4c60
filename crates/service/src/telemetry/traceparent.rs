//! The W3C header that carries a trace from one program to the next.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A span of some program, as `00-<trace>-<span>-<flags>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The span in it.
    pub span: SpanId,
    /// Whether it is recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// The span `text` names; nothing for what W3C calls invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace = u128::from_str_radix(hex(parts.next()?, 32)?, 16).ok()?;
        let span = u64::from_str_radix(hex(parts.next()?, 16)?, 16).ok()?;
        let flags = u8::from_str_radix(hex(parts.next()?, 2)?, 16).ok()?;
        let too_long = version == "00" && parts.next().is_some();
        if version == "ff" || too_long || trace == 0 || span == 0 {
            return None;
        }
        let (trace, span) = (TraceId::from(trace), SpanId::from(span));
        Some(Self { trace, span, sampled: flags & 1 == 1 })
    }

    /// The same for OpenTelemetry, as a span of another program.
    pub fn span_context(self) -> SpanContext {
        let flags = if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        SpanContext::new(self.trace, self.span, flags, true, TraceState::default())
    }
}

impl From<&SpanContext> for TraceParent {
    fn from(context: &SpanContext) -> Self {
        let (trace, span) = (context.trace_id(), context.span_id());
        Self { trace, span, sampled: context.is_sampled() }
    }
}

impl std::fmt::Display for TraceParent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

fn hex(text: &str, digits: usize) -> Option<&str> {
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (text.len() == digits && text.bytes().all(lower_hex)).then_some(text)
}

/// The current span as text, for a message or an outbox row; nothing when traces are off.
pub fn traceparent() -> Option<String> {
    let context = tracing::Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| TraceParent::from(span).to_string())
}

/// Makes `span`, which nobody has entered yet, a child of the span `text` names, and notes its trace in
/// the field `trace_id` if it has one. What is not readable is ignored: a trace is no reason to fail.
pub fn continue_from(span: &tracing::Span, text: &str) {
    let Some(parent) = TraceParent::parse(text) else { return };
    span.record("trace_id", tracing::field::display(parent.trace));
    let context = Context::new().with_remote_span_context(parent.span_context());
    if let Err(error) = span.set_parent(context) {
        tracing::trace!(%error, "traces are off, or the span was entered before");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written() {
        let parsed = TraceParent::parse(EXAMPLE).expect("valid");
        assert!(parsed.sampled);
        assert_eq!(parsed.to_string(), EXAMPLE);
    }

    #[test]
    fn what_w3c_calls_invalid_is_refused() {
        let zero_trace = EXAMPLE.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32));
        let upper = EXAMPLE.to_uppercase();
        let more = format!("{EXAMPLE}-00");
        for bad in [
            "",
            "00",
            "00-x",
            &EXAMPLE[..54],
            &EXAMPLE.replacen("00", "ff", 1),
            &zero_trace,
            &upper,
            &more,
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn without_traces_there_is_no_traceparent() {
        continue_from(&tracing::Span::none(), EXAMPLE);
        assert_eq!(traceparent(), None);
    }

    proptest! {
        #[test]
        fn what_parses_is_written_the_same(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let text = format!("00-{trace:032x}-{span:016x}-{:02x}", u8::from(sampled));
            prop_assert_eq!(TraceParent::parse(&text).map(|parsed| parsed.to_string()), Some(text));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,60}") {
            let parsed = TraceParent::parse(&text);
            prop_assert!(parsed.is_none_or(|parsed| parsed.trace != TraceId::INVALID));
        }
    }
}
