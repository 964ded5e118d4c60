//! Messages the client cannot read: one whose subject or headers are not what the protocol wants makes it
//! drop the connection before anybody sees the message. After a loss the last messages that were given out
//! are looked at in another form, and such a one is put aside and taken out of the stream: nobody could
//! ever acknowledge it.

use crate::Bus;
use crate::consume::{ConsumeError, Consumer};
use async_nats::HeaderName;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events::subject;
use serde::Deserialize;
use serde_json::json;
use std::str::FromStr;

/// How many messages are looked at from each end of those that were given out and not acknowledged.
const LOOKED_AT: u64 = 16;

/// A message as the server describes it.
#[derive(Deserialize)]
struct Described {
    subject: String,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct Answer {
    message: Described,
}

/// Puts aside what the client cannot read of what `consumer` was given last.
pub(crate) async fn put_aside(
    service: &Consumer,
    consumer: &PullConsumer,
) -> Result<(), ConsumeError> {
    let setup = |error: &dyn std::fmt::Display| ConsumeError::Setup(error.to_string());
    let info = consumer.get_info().await.map_err(|error| setup(&error))?;
    if info.num_ack_pending == 0 {
        return Ok(());
    }
    let (first, last) = (info.ack_floor.stream_sequence + 1, info.delivered.stream_sequence);
    let newest = first.max((last + 1).saturating_sub(LOOKED_AT));
    let oldest = first..newest.min(first + LOOKED_AT);
    for sequence in oldest.chain(newest..=last) {
        let Some(described) = describe(&service.bus, sequence).await? else { continue };
        if described.is_readable() {
            continue;
        }
        let parked = pg::parked::Message {
            stream_sequence: i64::try_from(sequence).unwrap_or(i64::MAX),
            subject: &described.subject,
            headers: &json!({}),
            event_id: None,
            outgoing: false,
            body: &STANDARD.decode(&described.data).unwrap_or_default(),
        };
        let reason = "the subject or a header is not what the protocol wants";
        service.put_aside(&parked, reason).await?;
        let stream = service.bus.jetstream.get_stream_no_info(subject::EVENTS).await;
        let stream = stream.map_err(|error| setup(&error))?;
        stream.delete_message(sequence).await.map_err(|error| setup(&error))?;
    }
    Ok(())
}

/// The message at `sequence`; nothing when it is gone.
async fn describe(bus: &Bus, sequence: u64) -> Result<Option<Described>, ConsumeError> {
    let ask = format!("STREAM.MSG.GET.{}", subject::EVENTS);
    let answer = bus.jetstream.request(ask, &json!({ "seq": sequence })).await;
    match answer.map_err(|error| ConsumeError::Setup(error.to_string()))? {
        Response::Ok(Answer { message }) => Ok(Some(message)),
        Response::Err { .. } => Ok(None),
    }
}

impl Described {
    /// As the client reads it.
    fn is_readable(&self) -> bool {
        // The server writes U+FFFD for what is not UTF-8.
        let subject = !self.subject.contains('\u{fffd}');
        let headers = STANDARD.decode(&self.hdrs).is_ok_and(|headers| are_readable(&headers));
        subject && headers
    }
}

fn are_readable(headers: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(headers) else { return false };
    let mut lines = text.lines();
    let is_first = |line: &str| line.trim_end() == "NATS/1.0";
    lines.next().is_none_or(is_first)
        && lines.filter(|line| !line.is_empty() && !line.starts_with(char::is_whitespace)).all(
            |line| line.split_once(':').is_some_and(|(name, _)| HeaderName::from_str(name).is_ok()),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_readable_as_the_client_reads_them() {
        let good: [&[u8]; 3] =
            [b"", b"NATS/1.0\r\n\r\n", b"NATS/1.0\r\na: b\r\n more\r\nc:\r\n\r\n"];
        assert!(good.iter().all(|headers| are_readable(headers)));
        let bad: [&[u8]; 3] = [
            b"NATS/1.0\r\na: \xff\r\n\r\n",
            b"NATS/1.0\r\nno colon\r\n\r\n",
            b"NATS/1.0 503\r\n\r\n",
        ];
        assert!(bad.iter().all(|headers| !are_readable(headers)));
    }
}
