//! Who asks: a token that was set, an App by its key, or an installation of the App by a token that it was given.

use super::calls::{answer, invalid};
use super::state::{State, locked, now};
use super::{APP, PRIVATE_KEY, Shared, TOKEN};
use axum::Json;
use axum::extract::{Path, State as Known};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{SecondsFormat, TimeDelta};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

/// The only installation of the App.
const INSTALLATION: u64 = 99;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Token,
    App,
    Installation,
}

pub(super) fn caller(state: &State, headers: &HeaderMap) -> Option<Caller> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let bearer = value.strip_prefix("Bearer ")?;
    if bearer == TOKEN {
        return Some(Caller::Token);
    }
    if state.tokens.iter().any(|token| token == bearer) {
        return Some(Caller::Installation);
    }
    is_proof(bearer).then_some(Caller::App)
}

/// Whether it is a JWT of the App that is valid now, for no longer than GitHub allows.
fn is_proof(text: &str) -> bool {
    let Some((said, signature)) = text.rsplit_once('.') else { return false };
    let Some((head, claims)) = said.split_once('.') else { return false };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).ok();
    let (Some(head), Some(claims), Some(signature)) = (json(head), json(claims), decode(signature))
    else {
        return false;
    };
    let at = now().timestamp();
    let time = |key: &str| claims[key].as_i64().unwrap_or_default();
    let in_time = time("iat") <= at && at < time("exp") && time("exp") - at <= 600;
    let is_signed = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key());
    let is_signed = is_signed.verify(said.as_bytes(), &signature).is_ok();
    head["alg"] == "RS256" && claims["iss"] == APP && in_time && is_signed
}

fn public_key() -> Vec<u8> {
    let lines = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).expect("base64");
    let key = RsaKeyPair::from_der(&der).expect("a key");
    key.public_key().as_ref().to_vec()
}

pub(super) async fn installation() -> Response {
    answer(200, &json!({ "id": INSTALLATION, "app_id": 4711, "target_type": "Organization" }))
}

pub(super) async fn token(
    Known(shared): Known<Shared>,
    Path(id): Path<u64>,
    Json(body): Json<Value>,
) -> Response {
    if id != INSTALLATION {
        return answer(404, &json!({ "message": "Not Found" }));
    }
    if body["repositories"] != json!(["shop"]) {
        return invalid("repositories");
    }
    let mut state = locked(&shared);
    state.tokens_made += 1;
    let token = format!("ghs_{}of1the2tests", state.tokens_made);
    state.tokens.push(token.clone());
    let until = (now() + TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
    answer(201, &json!({ "token": token, "expires_at": until }))
}
