//! Captured traffic: the router says it and nobody waits for it; who counts it remembers how far it came.

use crate::{Bus, PublishError};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use events::sample::{SamplesV1, UnreadableSamples, read};
use events::subject;
use futures_util::{Stream, StreamExt};

/// A message of the stream and its place in it.
#[derive(Debug)]
pub struct Captured {
    /// Its place.
    pub sequence: u64,
    /// What it says, or why that is not known.
    pub samples: Result<SamplesV1, UnreadableSamples>,
}

/// Why samples cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read the samples: {0}")]
pub struct SamplesError(String);

impl Bus {
    /// Publishes captured requests; nobody waits for them, losing some is allowed.
    pub async fn publish_samples(&self, samples: &SamplesV1) -> Result<(), PublishError> {
        let subject = subject::samples(&samples.app, &samples.environment);
        let body = serde_json::to_vec(samples)
            .map_err(|source| PublishError::Encode { subject: subject.clone(), source })?;
        let sent = self.jetstream.publish(subject.clone(), body.into()).await;
        sent.map(drop).map_err(|source| PublishError::Refused { subject, source })
    }

    /// What the stream of samples is known by: another one counts its messages from 1 again.
    pub async fn samples_made(&self) -> Result<String, SamplesError> {
        self.ensure_streams().await.map_err(|error| SamplesError(error.to_string()))?;
        let stream = self.jetstream.get_stream(subject::SAMPLES).await;
        let stream = stream.map_err(|error| SamplesError(error.to_string()))?;
        Ok(stream.cached_info().created.to_string())
    }

    /// Everything from the message with this number on, and what comes, until the connection breaks.
    pub async fn samples(
        &self,
        from: u64,
    ) -> Result<impl Stream<Item = Result<Captured, SamplesError>> + Send + use<>, SamplesError>
    {
        let failed = |error: &dyn std::fmt::Display| SamplesError(error.to_string());
        let mut link = self.connects.link();
        let stream =
            self.jetstream.get_stream(subject::SAMPLES).await.map_err(|error| failed(&error))?;
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from.max(1) },
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| failed(&error))?;
        let messages = consumer.messages().await.map_err(|error| failed(&error))?;
        let captured = messages.map(|message| {
            let message = message.map_err(|error| SamplesError(error.to_string()))?;
            let info = message.info().map_err(|error| SamplesError(error.to_string()))?;
            Ok(Captured { sequence: info.stream_sequence, samples: read(&message.payload) })
        });
        // A broker that was away may have another stream.
        let replaced = async move { link.replaced().await };
        Ok(captured.take_until(Box::pin(replaced)).boxed())
    }
}
