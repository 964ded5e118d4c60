//! Logs as JSON on standard error; traces by OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. When it is
//! not, nothing of OpenTelemetry is installed.

mod install;
pub mod synthetic;
mod traceparent;

pub use install::Telemetry;
pub use traceparent::{TraceParent, continue_from, traceparent};
