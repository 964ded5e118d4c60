//! Whoever collects traces: an OTLP server that keeps every span.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status};

/// A collector that listens until the test's runtime ends.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    address: Option<SocketAddr>,
    spans: Arc<Mutex<Vec<(String, Span)>>>,
}

impl Collector {
    /// Listens on a free port.
    pub fn start() -> Self {
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = incoming.local_addr().expect("bound");
        let collector = Self { address: Some(address), ..Self::default() };
        let service = TraceServiceServer::new(collector.clone());
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        collector
    }

    /// As `OTEL_EXPORTER_OTLP_ENDPOINT` has it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address.expect("it listens"))
    }

    /// Every span so far with the name of its service, in the order they came.
    pub fn spans(&self) -> Vec<(String, Span)> {
        self.spans.lock().expect("no test panicked here").clone()
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = self.spans.lock().expect("no test panicked here");
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            let service = attributes.into_iter().find(|it| it.key == "service.name");
            let service = service.and_then(|it| it.value).map(text).unwrap_or_default();
            let all = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(all.map(|span| (service.clone(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn text(value: opentelemetry_proto::tonic::common::v1::AnyValue) -> String {
    use opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue;
    match value.value {
        Some(StringValue(text)) => text,
        _ => String::new(),
    }
}
