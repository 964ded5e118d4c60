//! Request ids: a mutation that is sent twice happens once and is answered the same both times. Without an
//! id a request is new every time.

use super::status;
use pg::request::ReplayError;
use prost::{Message, Name};
use sqlx::PgConnection;
use tonic::Status;

/// What makes a request the same: its type and all it says.
fn fingerprint<M: Name>(request: &M) -> Vec<u8> {
    let mut fingerprint = M::full_name().into_bytes();
    fingerprint.push(b'\n');
    request.encode_raw(&mut fingerprint);
    fingerprint
}

/// The answer given before to this request, if it was.
pub async fn answered<Answer: Message + Default>(
    connection: &mut PgConnection,
    service: &str,
    request_id: &str,
    request: &impl Name,
) -> Result<Option<Answer>, Status> {
    if request_id.is_empty() {
        return Ok(None);
    }
    let answer =
        pg::request::answered(connection, service, request_id, &fingerprint(request)).await;
    match answer {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => {
            let answer =
                Answer::decode(bytes.as_slice()).map_err(|error| status::internal(&error))?;
            Ok(Some(answer))
        }
        Err(error @ ReplayError::Reused { .. }) => {
            Err(status::invalid("request_id", error.to_string()))
        }
        Err(ReplayError::Lookup { source, .. }) => Err(status::database(&source)),
    }
}

/// Remembers the answer, in the transaction of what the request did. `ABORTED` when the same request was
/// answered meanwhile: sent again, it gets that answer.
pub async fn record(
    connection: &mut PgConnection,
    service: &str,
    request_id: &str,
    request: &impl Name,
    answer: &impl Message,
) -> Result<(), Status> {
    let kept = keep(connection, service, request_id, request, answer).await;
    kept.map_err(|error| refused(&error))
}

/// The same for who owns the transaction and knows errors of the database only; [`refused`] tells them.
pub async fn keep(
    connection: &mut PgConnection,
    service: &str,
    request_id: &str,
    request: &impl Name,
    answer: &impl Message,
) -> Result<(), sqlx::Error> {
    if request_id.is_empty() {
        return Ok(());
    }
    let (fingerprint, answer) = (fingerprint(request), answer.encode_to_vec());
    pg::request::record(connection, service, request_id, &fingerprint, &answer).await
}

/// Why an answer was not remembered, for the client.
#[must_use]
pub fn refused(error: &sqlx::Error) -> Status {
    if pg::error::is_unique_violation(error) {
        return status::conflict("SAME_REQUEST", "the same request is being answered");
    }
    status::database(error)
}
