//! Saying something: the envelope around a payload, and the publish that waits for the server's word.

use crate::streams::LARGEST;
use crate::{Bus, to_headers};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::payload::Payload;
use events::{AppName, BuildId, Envelope, EventId, EventType, payload, subject};
use service::telemetry::traceparent;
use std::time::Duration;

/// How long the server may take to confirm.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room for the headers of an event: ids, names, a time and a trace.
const HEADERS: usize = 1024;

/// Why something was not said. It may have been heard nevertheless; saying it again is safe.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The server refused or could not be reached.
    #[error("publish on {subject}")]
    Refused {
        /// Where.
        subject: String,
        /// What the client says.
        source: async_nats::jetstream::context::PublishError,
    },
    /// The server did not confirm in time.
    #[error("publish on {subject}: no confirmation within {} s", PATIENCE.as_secs())]
    Unconfirmed {
        /// Where.
        subject: String,
    },
    /// The connection broke before the server confirmed.
    #[error("publish on {subject}: the connection was lost")]
    Lost {
        /// Where.
        subject: String,
    },
    /// No server would take it, however often it is tried.
    #[error("publish on {subject}: {bytes} bytes are too many, {limit} fit")]
    TooLarge {
        /// Where.
        subject: String,
        /// How many bytes its data have.
        bytes: usize,
        /// How many they may have.
        limit: usize,
    },
    /// A program of another version wrote it.
    #[error("publish on {subject}: read what was written")]
    Unreadable {
        /// Where.
        subject: String,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The data could not be written as JSON.
    #[error("write the payload for {subject}")]
    Encode {
        /// Where.
        subject: String,
        /// What serde says.
        source: serde_json::Error,
    },
}

impl PublishError {
    /// Saying it again is of no use.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Unreadable { .. } | Self::Encode { .. })
    }
}

/// The envelope of `payload`, said by `service` about `app`; carries the trace of the current span.
pub fn envelope<P: Payload>(
    service: &str,
    event_type: EventType,
    app: &AppName,
    payload: &P,
    (id, at): (EventId, DateTime<Utc>),
) -> Result<Envelope, serde_json::Error> {
    Ok(Envelope {
        id,
        event_type,
        source: format!("/slipway/{service}"),
        app: app.clone(),
        at,
        traceparent: traceparent(),
        data: payload::write(payload)?,
    })
}

impl Bus {
    /// Publishes an event and waits until the server has it.
    pub async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let subject = subject::event(&envelope.app, envelope.event_type);
        let body = serde_json::to_vec(&envelope.data)
            .map_err(|source| PublishError::Encode { subject: subject.clone(), source })?;
        let limit = LARGEST.min(self.client.server_info().max_payload).saturating_sub(HEADERS);
        if body.len() > limit {
            return Err(PublishError::TooLarge { subject, bytes: body.len(), limit });
        }
        let refused = |source| PublishError::Refused { subject: subject.clone(), source };
        let mut link = self.connects.link();
        let confirmed = async {
            self.jetstream
                .publish_with_headers(subject.clone(), to_headers(envelope), body.into())
                .await?
                .await
        };
        tokio::select! {
            answer = confirmed => answer.map(|_| ()).map_err(refused),
            () = link.replaced() => Err(PublishError::Lost { subject }),
            () = tokio::time::sleep(PATIENCE) => Err(PublishError::Unconfirmed { subject }),
        }
    }

    /// Publishes lines of a live build log; nobody waits for them, losing some is allowed.
    pub async fn publish_log(&self, build: BuildId, lines: Bytes) -> Result<(), PublishError> {
        let subject = subject::build_log(build);
        let sent = self.jetstream.publish(subject.clone(), lines).await;
        sent.map(drop).map_err(|source| PublishError::Refused { subject, source })
    }
}
