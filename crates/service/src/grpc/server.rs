//! One router for the gRPC services of a process, with health and reflection.

use super::guard;
use crate::Secret;
use axum::middleware::{from_fn, from_fn_with_state};
use futures_util::FutureExt;
use http::Request;
use std::convert::Infallible;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tower::Service;

/// The gRPC services of a process. Health and reflection are there without being asked for.
#[derive(Debug)]
pub struct Server {
    token: Option<Secret>,
    routes: Routes,
    names: Vec<&'static str>,
}

impl Server {
    /// Every call but health and reflection must carry the internal token.
    pub fn new(internal_token: &Secret) -> Self {
        Self { token: Some(internal_token.clone()), ..Self::open() }
    }

    /// No token is demanded here: the caller lays its own authentication around the router.
    pub fn open() -> Self {
        Self { token: None, routes: Routes::default(), names: vec![""] }
    }

    /// Serves `service` too.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "adding a service is not arithmetic")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }

    /// Says in health that `name` is served here, for who adds routes of its own.
    #[must_use]
    pub fn announce(mut self, name: &'static str) -> Self {
        self.names.push(name);
        self
    }

    /// The router, to be served or merged with others.
    pub fn into_router(self) -> axum::Router {
        let reporter = HealthReporter::new();
        for name in self.names {
            reporter
                .set_service_status(name, ServingStatus::Serving)
                .now_or_never()
                .expect("nobody else holds the lock of a new reporter");
        }
        let health = HealthServer::new(HealthService::from_health_reporter(reporter));
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .expect("descriptors are made by the compiler of the contracts");
        let router = self
            .routes
            .add_service(health)
            .add_service(reflection)
            .into_axum_router()
            .layer(from_fn(guard::keep_deadline))
            .layer(from_fn(guard::trace));
        match self.token {
            Some(token) => router.layer(from_fn_with_state(token, guard::demand_token)),
            None => router,
        }
    }
}
