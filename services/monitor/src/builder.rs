//! The builder, asked for the file that a commit calls its reference.

use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::{ReadReferenceRequest, ReadReferenceResponse};
use service::internal::Internal;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

/// A reference may be large, and the repository far.
const PATIENCE: Duration = Duration::from_mins(10);

/// Why there is no reference.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReferenceError {
    /// There is none, and will be none for this build.
    #[error("{0}")]
    None(String),
    /// The builder cannot say it now.
    #[error("ask the builder for a reference")]
    Away(#[from] Box<Status>),
    /// It cannot be kept.
    #[error("keep a reference")]
    Keep(#[from] std::io::Error),
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What git knows it by.
    pub(crate) object: String,
    /// Its path in the repository.
    pub(crate) path: String,
}

/// The builder, asked by gRPC.
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    client: BuildServiceClient<Channel>,
    internal: Internal,
}

impl Builder {
    /// The builder at the end of `channel`.
    pub(crate) fn new(channel: Channel, internal: Internal) -> Self {
        Self { client: BuildServiceClient::new(channel), internal }
    }

    /// The reference of `build`, written to the file `to`; nothing is written of one that is `known`.
    pub(crate) async fn reference(
        &self,
        build: &str,
        known: Option<String>,
        to: &Path,
    ) -> Result<Found, ReferenceError> {
        let known_object = known.unwrap_or_default();
        let message = ReadReferenceRequest { name: build.to_owned(), known_object };
        let mut request = self.internal.request(message);
        request.set_timeout(PATIENCE);
        let answer = self.client.clone().read_reference(request).await.map_err(refused)?;
        let mut messages = answer.into_inner();
        let first = next(&mut messages).await?.unwrap_or_default();
        let ReadReferenceResponse { object, path, .. } = first;
        let mut file = tokio::fs::File::create(to).await?;
        while let Some(part) = next(&mut messages).await? {
            file.write_all(&part.content).await?;
        }
        file.flush().await?;
        Ok(Found { object, path })
    }
}

async fn next(
    messages: &mut Streaming<ReadReferenceResponse>,
) -> Result<Option<ReadReferenceResponse>, ReferenceError> {
    messages.message().await.map_err(refused)
}

fn refused(status: Status) -> ReferenceError {
    if matches!(status.code(), Code::FailedPrecondition | Code::NotFound) {
        return ReferenceError::None(status.message().to_owned());
    }
    ReferenceError::Away(Box::new(status))
}
