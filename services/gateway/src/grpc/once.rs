//! A request with a `request_id` is done once: sent again, it gets the same answer. Answers may hold a
//! secret that is shown once, so they are sealed, and only who asked first gets one again.

use super::read::database;
use crate::NAME;
use crate::app::App;
use pg::request::ReplayError;
use prost::{Message, Name};
use service::grpc::status;
use service::principal::Principal;
use sqlx::PgConnection;
use tonic::Status;

/// Longest request id.
const LENGTH: usize = 100;

/// A request that may have been done before.
#[derive(Debug)]
pub(super) struct Once<'a> {
    app: &'a App,
    /// Nothing when the client does not care.
    id: Option<String>,
    fingerprint: Vec<u8>,
}

impl<'a> Once<'a> {
    /// `request` of `principal`; its `request_id` counts among everyone's.
    pub(super) fn new<M: Message + Name>(
        app: &'a App,
        principal: &Principal,
        request_id: &str,
        request: &M,
    ) -> Result<Self, Status> {
        let printable = request_id.bytes().all(|b| b.is_ascii_graphic());
        if request_id.len() > LENGTH || !printable {
            return Err(status::invalid("request_id", "use at most 100 printable characters"));
        }
        let mut fingerprint = format!("{}\n{}\n", M::full_name(), principal.name).into_bytes();
        fingerprint.extend(request.encode_to_vec());
        let id = (!request_id.is_empty()).then(|| request_id.to_owned());
        Ok(Self { app, id, fingerprint })
    }

    /// The answer given before, if any.
    pub(super) async fn answered<M: Message + Default>(&self) -> Result<Option<M>, Status> {
        let Some(id) = &self.id else { return Ok(None) };
        let mut connection = self.app.pool.acquire().await.map_err(database)?;
        let sealed = pg::request::answered(&mut connection, NAME, id, &self.fingerprint).await;
        let sealed = sealed.map_err(|error| match error {
            ReplayError::Reused { .. } => status::invalid("request_id", error.to_string()),
            ReplayError::Lookup { source, .. } => database(source),
        })?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.app.key.open(&context(id), &sealed);
        let opened = opened.map_err(|error| status::internal(&error))?;
        M::decode(opened.as_slice()).map(Some).map_err(|error| status::internal(&error))
    }

    /// Remembers the answer, in the transaction of what was done.
    pub(super) async fn record<M: Message>(
        &self,
        connection: &mut PgConnection,
        answer: &M,
    ) -> Result<(), Status> {
        let Some(id) = &self.id else { return Ok(()) };
        let sealed = self.app.key.seal(&context(id), &answer.encode_to_vec());
        pg::request::record(connection, NAME, id, &self.fingerprint, &sealed).await.map_err(
            |error| {
                if pg::error::is_unique_violation(&error) {
                    status::conflict("SAME_REQUEST", "the same request is being answered")
                } else {
                    database(error)
                }
            },
        )
    }
}

fn context(id: &str) -> String {
    format!("request/{id}")
}
