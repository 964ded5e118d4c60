//! `POST /hooks/{source}`: limits, signature, then everything durable in one statement, then 202.

use crate::accept::{self, AcceptError, Accepted, Arrival};
use crate::app::App;
use crate::db::delivery::{self, New};
use crate::hooks::body;
use crate::hooks::meaning::{self, Meaning};
use crate::hooks::peer::Peer;
use crate::hooks::problem::Problem;
use crate::provider::{ContentType, Provider};
use crate::sources::Source;
use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::response::{IntoResponse, Response};
use events::DeliveryId;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tracing::Instrument;

#[derive(Debug, Serialize)]
struct Answer {
    id: DeliveryId,
    outcome: &'static str,
    reason: String,
}

/// What was decided about a delivery.
struct Decided {
    id: DeliveryId,
    accepted: Accepted,
}

pub(super) async fn receive(
    State(app): State<App>,
    Path(name): Path<String>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // A forge's trace is not ours to continue: a new one starts here.
    let span = tracing::info_span!(
        parent: None,
        "webhook",
        otel.name = "POST /hooks/{source}",
        otel.kind = "server",
        http.request.method = "POST",
        http.route = "/hooks/{source}",
        delivery.id = tracing::field::Empty,
    );
    let peer = Peer::of(from.ip(), &headers, &app.config.trusted_proxies);
    let decided = handle(&app, (&name, peer), &headers, body).instrument(span).await;
    match decided {
        Ok(decided) => answer(&app, decided),
        Err(problem) => {
            app.counts.delivery(problem.label());
            problem.into_response()
        }
    }
}

fn answer(app: &App, decided: Decided) -> Response {
    let id = decided.id;
    let (status, id, outcome, reason) = match decided.accepted {
        Accepted::Change(_) => (StatusCode::ACCEPTED, id, "accepted", String::new()),
        Accepted::Nothing(reason) => (StatusCode::ACCEPTED, id, "ignored", reason),
        Accepted::Duplicate(first) => {
            (StatusCode::OK, first, "duplicate", "this delivery was received before".to_owned())
        }
    };
    app.counts.delivery(outcome);
    (status, Json(Answer { id, outcome, reason })).into_response()
}

async fn handle(
    app: &App,
    (name, peer): (&str, Peer),
    headers: &HeaderMap,
    body: Body,
) -> Result<Decided, Problem> {
    let Some(content) = ContentType::of(headers) else {
        body::discard(&app.limits, peer, headers, body).await;
        return Err(Problem::WrongContentType);
    };
    let held = body::read(&app.limits, peer, headers, body).await?;
    let source = authenticated(app, name, headers, &held.bytes).await?;
    let provider = source.provider;
    let label = provider.label(headers).map_err(|error| Problem::BadHeader(error.to_string()))?;
    let id = DeliveryId::new(service::new_id());
    tracing::Span::current().record("delivery.id", tracing::field::display(id));
    let kept = kept(provider, headers);
    let new = New {
        id,
        source: &source.name,
        external_id: &label.external_id,
        event: &label.event,
        headers: &kept,
        body: &held.bytes,
    };
    let understood = provider.understand(&label.event, content, &held.bytes);
    let accepted = store(app, &source, meaning::of(understood, source.repository.as_ref()), new);
    let accepted = accepted.await.map_err(|error| problem(&error))?;
    log(&source, id, &label.event, &accepted);
    Ok(Decided { id, accepted })
}

/// The source, if the bytes are signed with a secret of it. An unknown source costs the same work.
async fn authenticated(
    app: &App,
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Arc<Source>, Problem> {
    let found = app.sources.find(name).await.map_err(|error| {
        tracing::warn!(error = service::chain(&error), "read the sources");
        Problem::Away
    })?;
    let (provider, secrets) = match &found {
        Some(source) => (source.provider, &source.secrets),
        None => (Provider::GitHub, app.sources.nobody()),
    };
    let signed = provider.verify(headers, body, secrets);
    found.filter(|_| signed).ok_or(Problem::NotSigned)
}

async fn store(
    app: &App,
    source: &Source,
    meaning: Meaning,
    new: New<'_>,
) -> Result<Accepted, AcceptError> {
    match meaning {
        Meaning::Moved { git_ref, movement, wish } => {
            let _turn = app.turns.wait(&source.app, &git_ref).await;
            let mut connection = app.connection(&source.app, &git_ref).await?;
            let arrival = Arrival {
                app: &source.app,
                git_ref: &git_ref,
                movement,
                wish,
                delivery: Some(new),
                replays: None,
                only_version: None,
            };
            let accepted = accept::arrival(app, &mut connection, &arrival).await?;
            app.said();
            Ok(accepted)
        }
        Meaning::Nothing { reason, look } => {
            let failed = |error| AcceptError::Store { source_name: source.name.clone(), error };
            let mut connection = app.pool.acquire().await.map_err(failed)?;
            let first = delivery::insert_ignored(&mut connection, &new, &reason).await;
            if let Some(look) = look {
                look.ask(app, &source.app);
            }
            Ok(first.map_err(failed)?.map_or(Accepted::Nothing(reason), Accepted::Duplicate))
        }
    }
}

fn kept(provider: Provider, headers: &HeaderMap) -> serde_json::Value {
    let text = |name: &&str| {
        let value = String::from_utf8_lossy(headers.get(*name)?.as_bytes()).into_owned();
        let value: String = value.chars().filter(|c| *c != '\0').take(500).collect();
        Some(((*name).to_owned(), value.into()))
    };
    serde_json::Value::Object(provider.kept_headers().iter().filter_map(text).collect())
}

fn problem(error: &AcceptError) -> Problem {
    let text = service::chain(error);
    if error.is_temporary() {
        tracing::warn!(error = text, "delivery was not stored");
        Problem::Away
    } else {
        tracing::error!(error = text, "delivery was not stored");
        Problem::Broken
    }
}

fn log(source: &Source, id: DeliveryId, event: &str, accepted: &Accepted) {
    let (outcome, reason) = match accepted {
        Accepted::Change(change) => ("accepted", change.commit.to_string()),
        Accepted::Nothing(reason) => ("ignored", reason.clone()),
        Accepted::Duplicate(first) => ("duplicate", format!("of {first}")),
    };
    let (name, app) = (&source.name, &source.app);
    tracing::info!(delivery.id = %id, slipway.source = %name, app = %app, event, outcome, reason, "delivery");
}
