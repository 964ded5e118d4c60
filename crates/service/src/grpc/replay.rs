//! Request ids: a mutation that is sent twice happens once and is answered the same both times. Without an
//! id a request is new every time.

use super::status;
use pg::request::ReplayError;
use prost::Message;
use sqlx::PgConnection;
use tonic::Status;

/// The answer given before to this request, if it was.
pub async fn answered<Answer: Message + Default>(
    connection: &mut PgConnection,
    service: &str,
    request_id: &str,
    request: &impl Message,
) -> Result<Option<Answer>, Status> {
    if request_id.is_empty() {
        return Ok(None);
    }
    let fingerprint = request.encode_to_vec();
    let answer = pg::request::answered(connection, service, request_id, &fingerprint).await;
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
    request: &impl Message,
    answer: &impl Message,
) -> Result<(), Status> {
    if request_id.is_empty() {
        return Ok(());
    }
    let (fingerprint, answer) = (request.encode_to_vec(), answer.encode_to_vec());
    match pg::request::record(connection, service, request_id, &fingerprint, &answer).await {
        Ok(()) => Ok(()),
        Err(error) if pg::error::is_unique_violation(&error) => {
            Err(status::conflict("SAME_REQUEST", "the same request is being answered"))
        }
        Err(error) => Err(status::database(&error)),
    }
}
