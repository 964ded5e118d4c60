//! `POST /apps/APP/environments/ENVIRONMENT/truths`: what was true of captured predictions, from programs that speak no gRPC.
//! The monitor counts it; told again it changes nothing, because what was true of a prediction is told once.

mod read;
mod refused;
mod scalar;

use crate::app::App;
use crate::edge::asker;
use crate::hooks::{Peer, discard_body, read_body};
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::routing::post;
use axum::{Json, Router};
use events::{AppName, EnvironmentName};
use http::HeaderMap;
use proto::v1::{TellTruthRequest, TruthOf};
use read::Format;
use refused::Refused;
use serde::Serialize;
use service::grpc::status;
use service::principal::{Principal, Role};
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;
use tonic::Status;
use uuid::Uuid;

/// Requests in work at once; origin: all their truths fit into half a gigabyte while a slow monitor counts them.
pub(crate) const WORKING: usize = 32;
/// Truths that are told to the monitor at once.
const AT_ONCE: usize = 2_000;
/// The same request, sent again, is answered as it was.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What became of what was told.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Told {
    known_count: i64,
    unknown_count: i64,
}

/// Where it is told.
struct Place {
    name: String,
    app: AppName,
    environment: EnvironmentName,
}

/// Who tells it, and how it is written.
struct Teller {
    principal: Principal,
    place: Place,
    format: Format,
}

/// The routes of the door.
pub(crate) fn router(app: App) -> Router {
    let door = post(tell).fallback(|| async { Refused::WrongMethod });
    Router::new().route("/apps/{app}/environments/{environment}/truths", door).with_state(app)
}

async fn tell(
    State(app): State<App>,
    Path((name, environment)): Path<(String, String)>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Told>, Refused> {
    let peer = Peer::of(from.ip(), &headers, &app.config.trusted_proxies);
    // Nothing is kept of who may not tell it.
    let teller = match teller(&app, (&name, &environment), &headers).await {
        Ok(teller) => teller,
        Err(refused) => {
            discard_body(&app.refused_limits, peer, &headers, body).await;
            return Err(refused);
        }
    };
    let Teller { principal, place, format } = teller;
    let held = read_body(&app.truth_limits, peer, &headers, body).await?;
    // The body goes when it is read; its place stays taken until all is told, as what was read takes memory, too.
    let (bytes, _place) = held.parted();
    // So many rows take long enough to keep others from a worker.
    let reading =
        move || read::truths(format, &bytes).map(|truths| (truths, Sha256::digest(&bytes)));
    let reading = tokio::task::spawn_blocking(reading).await;
    let (truths, digest) = reading.map_err(|error| status::internal(&error))??;
    let mut all = Told::default();
    for (part, truths) in truths.chunks(AT_ONCE).enumerate() {
        let request_id = request_id(&headers, &principal, (&place.name, &digest, part));
        let told = part_told(&app, &principal, (&place.name, truths, request_id)).await?;
        all.known_count += told.known_count;
        all.unknown_count += told.unknown_count;
    }
    let Told { known_count, unknown_count } = all;
    tracing::info!(place = place.name, by = %principal.name, known_count, unknown_count, "what was true is told");
    Ok(Json(all))
}

/// Who tells it where and how, if they may.
async fn teller(
    app: &App,
    (name, environment): (&str, &str),
    headers: &HeaderMap,
) -> Result<Teller, Refused> {
    let principal = asker(app, headers).await?;
    let place = place(name, environment)?;
    principal.require(Role::Deployer, Some(&place.app), Some(&place.environment))?;
    let format = Format::of(headers).ok_or(Refused::WrongContentType)?;
    Ok(Teller { principal, place, format })
}

fn place(app: &str, environment: &str) -> Result<Place, Status> {
    let invalid = |field, error: events::InvalidName| status::invalid(field, error.to_string());
    Ok(Place {
        name: proto::name::environment(app, environment),
        app: AppName::parse(app).map_err(|error| invalid("app", error))?,
        environment: EnvironmentName::parse(environment)
            .map_err(|error| invalid("environment", error))?,
    })
}

/// Of a request with a key its own, which is the same when the same is sent again; without one it is new every time. With
/// another body it is another request, so that none is refused after some of it counted.
fn request_id(
    headers: &HeaderMap,
    by: &Principal,
    (place, digest, part): (&str, &[u8], usize),
) -> String {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return service::new_id().to_string() };
    let mut hash = Sha256::new();
    for said in [by.name.as_str().as_bytes(), place.as_bytes(), digest, &part.to_be_bytes()] {
        hash.update(said);
        hash.update([0]);
    }
    hash.update(key.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let id = hash.first_chunk().copied().unwrap_or_default();
    Uuid::from_bytes(id).to_string()
}

async fn part_told(
    app: &App,
    principal: &Principal,
    (name, truths, request_id): (&str, &[TruthOf], String),
) -> Result<Told, Status> {
    let request = TellTruthRequest { name: name.to_owned(), truths: truths.to_vec(), request_id };
    let request = app.internal.request_of(principal, request);
    let told = app.data_drift.clone().tell_truth(request).await?.into_inner();
    Ok(Told { known_count: told.known_count, unknown_count: told.unknown_count })
}
