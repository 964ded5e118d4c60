//! The wire form of an envelope: `CloudEvents` 1.0 in binary mode. Header names are written in lower case
//! and read in any, because other clients may change them.

use async_nats::HeaderMap;
use chrono::{DateTime, SecondsFormat, Utc};
use events::{Envelope, EventId, EventType, subject};
use std::str::FromStr;

/// Why a message is not an event.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// The subject is not one of an event.
    #[error("subject {0:?} is not slipway.v1.<app>.<type>")]
    Subject(String),
    /// A header is missing or cannot be read.
    #[error("header {0} is missing or not valid")]
    Header(&'static str),
    /// The header and the subject name different types.
    #[error("header ce-type says {header}, the subject says {subject}")]
    Type {
        /// What the header says.
        header: String,
        /// What the subject says.
        subject: EventType,
    },
    /// The data is not JSON.
    #[error("the data is not JSON")]
    Data(#[source] serde_json::Error),
}

/// The headers of an event.
pub fn to_headers(envelope: &Envelope) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", envelope.id.to_string());
    headers.insert("content-type", "application/json");
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", envelope.id.to_string());
    headers.insert("ce-type", envelope.event_type.as_str());
    headers.insert("ce-source", envelope.source.as_str());
    headers.insert("ce-subject", envelope.app.as_str());
    headers.insert("ce-time", envelope.at.to_rfc3339_opts(SecondsFormat::Micros, true));
    if let Some(traceparent) = &envelope.traceparent {
        headers.insert("traceparent", traceparent.as_str());
    }
    headers
}

/// The event that `subject`, `headers` and `data` carry.
pub fn from_message(
    subject: &str,
    headers: Option<&HeaderMap>,
    data: &[u8],
) -> Result<Envelope, Malformed> {
    let (app, event_type) =
        subject::parse_event(subject).ok_or_else(|| Malformed::Subject(subject.to_owned()))?;
    let header = |name: &'static str| find(headers, name).ok_or(Malformed::Header(name));
    let id = EventId::from_str(header("ce-id")?).map_err(|_| Malformed::Header("ce-id"))?;
    let named = header("ce-type")?;
    if named != event_type.as_str() {
        return Err(Malformed::Type { header: named.to_owned(), subject: event_type });
    }
    let at = DateTime::parse_from_rfc3339(header("ce-time")?)
        .map_err(|_| Malformed::Header("ce-time"))?
        .with_timezone(&Utc);
    Ok(Envelope {
        id,
        event_type,
        source: header("ce-source")?.to_owned(),
        app,
        at,
        traceparent: find(headers, "traceparent").map(str::to_owned),
        data: serde_json::from_slice(data).map_err(Malformed::Data)?,
    })
}

fn find<'a>(headers: Option<&'a HeaderMap>, name: &str) -> Option<&'a str> {
    headers?
        .iter()
        .find(|(key, _)| AsRef::<str>::as_ref(key).eq_ignore_ascii_case(name))
        .and_then(|(_, values)| values.first())
        .map(async_nats::HeaderValue::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn envelope() -> Envelope {
        Envelope {
            id: EventId::new(uuid::Uuid::from_u128(7)),
            event_type: EventType::ReleaseLive,
            source: "/slipway/deployer".to_owned(),
            app: events::AppName::parse("shop").expect("valid"),
            at: DateTime::from_timestamp(1_700_000_000, 5_000).expect("in range"),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            data: serde_json::json!({"v": 1}),
        }
    }

    #[test]
    fn an_event_survives_the_wire() {
        let sent = envelope();
        let read =
            from_message("slipway.v1.shop.release.live", Some(&to_headers(&sent)), b"{\"v\":1}");
        assert_eq!(read.expect("readable"), sent);
    }

    #[test]
    fn headers_are_read_in_any_case() {
        let mut headers = HeaderMap::new();
        for (key, values) in to_headers(&envelope()).iter() {
            headers.insert(key.to_string().to_uppercase(), values[0].as_str());
        }
        assert!(from_message("slipway.v1.shop.release.live", Some(&headers), b"{}").is_ok());
    }

    #[test]
    fn a_type_that_is_not_the_subjects_is_refused() {
        let headers = to_headers(&envelope());
        let error = from_message("slipway.v1.shop.release.failed", Some(&headers), b"{}")
            .expect_err("two types");
        assert_eq!(
            error.to_string(),
            "header ce-type says release.live, the subject says release.failed"
        );
    }

    proptest! {
        #[test]
        fn garbage_is_refused_without_panic(subject in ".{0,40}", data in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(from_message(&subject, None, &data).is_err());
        }
    }
}
