//! The one address for clients: authenticates every call, answers what the gateway serves itself, and
//! passes the rest on to the service whose it is, as it came.

mod authenticate;
mod backend;
mod forward;
mod until;

pub(crate) use authenticate::asker;

use crate::app::App;
use crate::grpc::{AppApi, EventApi, NotificationApi, TokenApi};
use crate::{truths, votes};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use backend::Backends;
use proto::v1::app_service_server::AppServiceServer;
use proto::v1::event_service_server::EventServiceServer;
use proto::v1::notification_service_server::NotificationServiceServer;
use proto::v1::token_service_server::TokenServiceServer;
use service::grpc::Server;
use std::sync::Arc;

/// The routes of the listener.
pub(crate) fn router(app: &App) -> std::io::Result<Router> {
    let backends = Arc::new(Backends::new(app).map_err(std::io::Error::other)?);
    let mut server = Server::open()
        .add(AppServiceServer::new(AppApi(app.clone())))
        .add(TokenServiceServer::new(TokenApi(app.clone())))
        .add(EventServiceServer::new(EventApi(app.clone())))
        .add(NotificationServiceServer::new(NotificationApi(app.clone())));
    for name in backends.names() {
        server = server.announce(name);
    }
    let mut router = server.into_router();
    for name in backends.names() {
        let forward = any(forward::forward).with_state(backends.clone());
        router = router.route(&format!("/{name}/{{method}}"), forward);
    }
    let router = router.layer(from_fn_with_state(app.clone(), authenticate::authenticate));
    // Whoever has a link needs no token: the link says who decides on what.
    let router = router.merge(app.health.routes()).merge(votes::router(app.clone()));
    // It answers in HTTP, also who may not ask.
    Ok(router.merge(truths::router(app.clone())))
}
