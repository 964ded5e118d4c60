//! The wire form of an envelope: `CloudEvents` 1.0 in binary mode. Header names are written in lower case
//! and read in any, because other clients may change them.

use async_nats::HeaderMap;
use chrono::{DateTime, SecondsFormat, Utc};
use events::{Envelope, EventId, EventType, subject};
use serde_json::Value;
use service::telemetry::TraceParent;
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
    read(subject, |name| find(headers, name), data)
}

/// The same of a message that was kept with its headers as an object of texts.
pub(crate) fn from_kept(
    subject: &str,
    headers: &Value,
    data: &[u8],
) -> Result<Envelope, Malformed> {
    let find = |name: &str| {
        let mut texts = headers.as_object()?.iter();
        texts.find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    };
    read(subject, find, data)
}

/// Headers as an object of texts.
pub(crate) fn to_json(headers: Option<&HeaderMap>) -> Value {
    let texts = headers.into_iter().flat_map(HeaderMap::iter).filter_map(|(name, values)| {
        let value = values.first().map(async_nats::HeaderValue::as_str)?;
        Some((AsRef::<str>::as_ref(name).to_owned(), value.into()))
    });
    Value::Object(texts.collect())
}

fn read<'a>(
    subject: &str,
    find: impl Fn(&str) -> Option<&'a str>,
    data: &[u8],
) -> Result<Envelope, Malformed> {
    let (app, event_type) =
        subject::parse_event(subject).ok_or_else(|| Malformed::Subject(subject.to_owned()))?;
    let header = |name: &'static str| find(name).ok_or(Malformed::Header(name));
    if find("content-type").is_some_and(|form| !is_json(form)) {
        return Err(Malformed::Header("content-type"));
    }
    if find("ce-specversion").is_some_and(|version| !version.starts_with("1.")) {
        return Err(Malformed::Header("ce-specversion"));
    }
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
        // A trace is for people: one that cannot be read is no reason to miss what happened.
        traceparent: find("traceparent")
            .filter(|text| TraceParent::parse(text).is_some())
            .map(str::to_owned),
        data: serde_json::from_slice(data).map_err(Malformed::Data)?,
    })
}

/// `application/json`, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let form = content_type.split(';').next().unwrap_or_default().trim();
    form.eq_ignore_ascii_case("application/json")
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

    fn changed(name: &str, value: &str) -> Result<Envelope, Malformed> {
        let mut headers = to_headers(&envelope());
        headers.insert(name, value);
        from_message("slipway.v1.shop.release.live", Some(&headers), b"{}")
    }

    #[test]
    fn only_json_of_cloud_events_1_is_read() {
        assert!(changed("content-type", "Application/JSON; charset=utf-8").is_ok());
        for (name, value) in [
            ("content-type", "text/plain"),
            ("ce-specversion", "2.0"),
            ("ce-id", "not an id"),
            ("ce-time", "yesterday"),
        ] {
            let refused = changed(name, value).expect_err(value).to_string();
            assert_eq!(refused, format!("header {name} is missing or not valid"));
        }
    }

    #[test]
    fn a_trace_that_cannot_be_read_is_left_out() {
        assert_eq!(changed("traceparent", "00-\0").expect("readable").traceparent, None);
    }

    #[test]
    fn data_that_are_too_deep_are_refused() {
        let deep = "[".repeat(100_000);
        let headers = to_headers(&envelope());
        let read = from_message("slipway.v1.shop.release.live", Some(&headers), deep.as_bytes());
        assert_eq!(read.expect_err("deep").to_string(), "the data is not JSON");
    }

    #[test]
    fn what_was_kept_reads_as_it_came() {
        let sent = envelope();
        let kept = to_json(Some(&to_headers(&sent)));
        let read = from_kept("slipway.v1.shop.release.live", &kept, b"{\"v\":1}");
        assert_eq!(read.expect("readable"), sent);
    }

    proptest! {
        #[test]
        fn garbage_is_refused_without_panic(subject in ".{0,40}", data in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(from_message(&subject, None, &data).is_err());
        }
    }
}
