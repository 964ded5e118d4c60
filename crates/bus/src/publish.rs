//! Saying something: the envelope around a payload, and the publish that waits for the server's word.

use crate::{Bus, to_headers};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::payload::Payload;
use events::{AppName, BuildId, Envelope, EventId, EventType, payload, subject};
use service::telemetry::traceparent;
use std::time::Duration;

/// How long the server may take to confirm.
const PATIENCE: Duration = Duration::from_secs(5);

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
    /// The data could not be written as JSON.
    #[error("write the payload for {subject}")]
    Encode {
        /// Where.
        subject: String,
        /// What serde says.
        source: serde_json::Error,
    },
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
        let refused = |source| PublishError::Refused { subject: subject.clone(), source };
        let confirmed = async {
            self.jetstream
                .publish_with_headers(subject.clone(), to_headers(envelope), body.into())
                .await?
                .await
        };
        match tokio::time::timeout(PATIENCE, confirmed).await {
            Ok(answer) => answer.map(|_| ()).map_err(refused),
            Err(_) => Err(PublishError::Unconfirmed { subject }),
        }
    }

    /// Publishes lines of a live build log; nobody waits for them, losing some is allowed.
    pub async fn publish_log(&self, build: BuildId, lines: Bytes) -> Result<(), PublishError> {
        let subject = subject::build_log(build);
        let sent = self.jetstream.publish(subject.clone(), lines).await;
        sent.map(drop).map_err(|source| PublishError::Refused { subject, source })
    }
}
