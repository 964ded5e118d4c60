//! The listener for webhooks, the only one to expose. Nothing is parsed before it is authenticated, and
//! nothing is answered with 2xx before it is durable.

mod body;
mod limits;
mod meaning;
mod peer;
mod problem;
mod receive;
mod replay;

pub(crate) use body::{discard as discard_body, read as read_body};
pub(crate) use limits::Limits;
pub(crate) use peer::Peer;
pub use peer::Proxies;
pub(crate) use problem::{Problem, problem};
pub(crate) use replay::replay;

use crate::app::App;
use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};

/// The routes of the listener.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/hooks/{source}", post(receive::receive))
        .route("/healthz", get(|| async { "ok\n" }))
        .method_not_allowed_fallback(|| async { Problem::WrongMethod })
        .fallback(|_: Request| async { Problem::NoSuchPath })
        .with_state(app)
}
