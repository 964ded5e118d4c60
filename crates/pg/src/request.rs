//! Requests that were answered, by their `request_id`: the same request gets the same answer again,
//! another request with the same id is refused.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use subtle::ConstantTimeEq;

/// Why an answer cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The id was used for another request.
    #[error("request id {request_id} was used for a different request")]
    Reused {
        /// The id.
        request_id: String,
    },
    /// The database did not answer.
    #[error("look up request id {request_id}")]
    Lookup {
        /// The id.
        request_id: String,
        /// What the database says.
        source: sqlx::Error,
    },
}

fn hash(fingerprint: &[u8]) -> Vec<u8> {
    Sha256::digest(fingerprint).to_vec()
}

/// The answer given before to the request with this id, if any. `fingerprint` is the encoded request.
pub async fn answered(
    connection: &mut PgConnection,
    service: &str,
    request_id: &str,
    fingerprint: &[u8],
) -> Result<Option<Vec<u8>>, ReplayError> {
    let row = sqlx::query!(
        "select fingerprint, answer from bus.request where service = $1 and request_id = $2",
        service,
        request_id,
    )
    .fetch_optional(connection)
    .await
    .map_err(|source| ReplayError::Lookup { request_id: request_id.to_owned(), source })?;
    match row {
        None => Ok(None),
        Some(row) if bool::from(row.fingerprint.ct_eq(&hash(fingerprint))) => Ok(Some(row.answer)),
        Some(_) => Err(ReplayError::Reused { request_id: request_id.to_owned() }),
    }
}

/// Remembers an answer, in the transaction of what the request did. Fails with a unique violation when
/// the same request was answered meanwhile, which undoes the second doing.
pub async fn record(
    connection: &mut PgConnection,
    service: &str,
    request_id: &str,
    fingerprint: &[u8],
    answer: &[u8],
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into bus.request (service, request_id, fingerprint, answer) values ($1, $2, $3, $4)",
        service,
        request_id,
        hash(fingerprint),
        answer,
    )
    .execute(connection)
    .await?;
    crate::error::one_row("record request", done.rows_affected())
}
