//! Who asks: the bearer token becomes a principal, which services behind the gateway believe because only
//! the gateway can say it. An answer that still goes on when the token ends, ends with it.

use super::until::Until;
use crate::app::App;
use crate::tokens::Caller;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use service::Secret;
use service::grpc::status;
use service::principal::{METADATA, Principal};
use tonic::Status;

/// Calls that anyone may make.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];

pub(super) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if OPEN.iter().any(|open| path.starts_with(open)) {
        return next.run(request).await;
    }
    let token = match caller(&app, request.headers()).await {
        Err(refused) => return refused.into_http(),
        Ok((_, Caller::Service)) => None,
        Ok((token, Caller::Outside(principal))) => {
            // Whatever the client claims to be is replaced; outside, nobody says who they are themselves.
            let headers = request.headers_mut();
            headers.remove(METADATA);
            headers.insert(METADATA, principal.header());
            Some(token)
        }
    };
    let bearer = format!("Bearer {}", app.config.internal_token.expose());
    match HeaderValue::from_str(&bearer) {
        Ok(mut bearer) => {
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        Err(error) => return status::internal(&error).into_http(),
    }
    if let Some(principal) = principal(request.headers()) {
        request.extensions_mut().insert(principal);
    }
    let response = next.run(request).await;
    let Some(token) = token else { return response };
    let ended = async move {
        app.tokens.ended(&token).await;
        no_more()
    };
    response.map(|body| Until::end(body, ended))
}

fn no_more() -> Status {
    status::unauthenticated("the token is not known, has expired or was ended")
}

/// Who asks by the token in `headers`.
pub(crate) async fn asker(app: &App, headers: &HeaderMap) -> Result<Principal, Status> {
    match caller(app, headers).await? {
        (_, Caller::Outside(principal)) => Ok(principal),
        (_, Caller::Service) => principal(headers)
            .ok_or_else(|| status::unauthenticated("the call does not say who asks")),
    }
}

async fn caller(app: &App, headers: &HeaderMap) -> Result<(Secret, Caller), Status> {
    let missing = || {
        status::unauthenticated(
            "the call carries no token; send the header authorization: Bearer TOKEN",
        )
    };
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.ok_or_else(missing)?.split_once(' ').ok_or_else(missing)?;
    let ("Bearer" | "bearer", token) = token else { return Err(missing()) };
    let token = Secret::new(token.trim());
    match app.tokens.caller(token.expose()).await {
        Ok(Some(caller)) => Ok((token, caller)),
        Ok(None) => Err(no_more()),
        Err(error) => {
            tracing::warn!(error = service::chain(&error), "look up a token");
            Err(status::unavailable("POSTGRES_AWAY", "tokens cannot be checked now"))
        }
    }
}

fn principal(headers: &HeaderMap) -> Option<Principal> {
    Principal::decode(&tonic::metadata::MetadataMap::from_headers(headers.clone())).ok()
}
