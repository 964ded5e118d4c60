//! What is installed when a service starts, and flushed when it ends.

use super::synthetic;
use crate::{Env, new_id, semconv};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// The variable that turns traces on; the other `OTEL_` variables are honoured too.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The variable that says what is logged, as `info,slipway=debug`.
const LOG: &str = "SLIPWAY_LOG";
/// Who must not be traced: the carriers of traces.
const CARRIERS: [&str; 6] = ["h2", "hyper", "hyper_util", "opentelemetry", "tonic", "tower"];

/// What is to be flushed when the service ends.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Installs logs, and traces when they are configured. What cannot be installed is said and left out:
    /// no release waits for a collector.
    pub fn install(service: &'static str, env: &Env) -> Self {
        let mut env = env.clone();
        let filter: String = env.or(LOG, "info".to_owned());
        let endpoint: Option<String> = env.optional(ENDPOINT);
        let traces = endpoint.map(|endpoint| provider(service, &endpoint)).transpose();
        let provider = traces.as_ref().ok().and_then(Clone::clone);
        let spans = provider.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("slipway"))
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
                .with_filter(traced())
        });
        let logs = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            // A log on a full disk would be told on the same disk, which ends the program.
            .log_internal_errors(false)
            .with_writer(std::io::stderr)
            .with_filter(EnvFilter::builder().parse_lossy(&filter));
        let installed = tracing_subscriber::registry().with(spans).with(logs).try_init();
        if let Err(error) = installed {
            tracing::debug!(%error, "telemetry is installed already");
        }
        if let Err(error) = traces {
            tracing::warn!(%error, "traces are off");
        }
        Self { provider }
    }

    /// Sends what was not sent yet. Blocks a thread of its own: on one of the runtime it would wait for
    /// itself.
    pub async fn flush(self) {
        let Some(provider) = self.provider else { return };
        match tokio::task::spawn_blocking(move || provider.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "traces were not flushed"),
            Err(error) => tracing::warn!(%error, "flushing traces"),
        }
    }
}

fn traced() -> Targets {
    let all = Targets::new().with_default(LevelFilter::INFO);
    all.with_targets(CARRIERS.map(|carrier| (carrier, LevelFilter::OFF)))
}

fn provider(
    service: &'static str,
    endpoint: &str,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = || SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
    let resource = resource(service);
    synthetic::install(exporter()?, &resource);
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter()?)
        .build())
}

fn resource(service: &'static str) -> Resource {
    Resource::builder()
        .with_service_name(format!("slipway-{service}"))
        .with_schema_url(
            [
                KeyValue::new("service.namespace", "slipway"),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", new_id().to_string()),
            ],
            semconv::SCHEMA_URL,
        )
        .build()
}
