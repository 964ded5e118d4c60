//! How much disk the engine's build cache takes. Engines say it in one way up to 28 and in another from 29 on, and the
//! client library knows only the newer one.

use super::{ANSWER, Engine};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Older engines tell of everything that they have, whatever they are asked about.
const PATH: &str = "/system/df?type=build-cache";
/// Bytes that an answer may have.
const LARGEST: usize = 16 << 20;

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
enum UnknownSize {
    #[error("connect to the engine")]
    Connect(#[from] std::io::Error),
    #[error("talk to the engine")]
    Talk(#[from] hyper::Error),
    #[error("read the answer of the engine")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the engine does not say it")]
    Unsaid,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Usage {
    build_cache: Option<Vec<Record>>,
    build_cache_usage: Option<Total>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    size: i64,
    /// An image has the same: it takes no more room for the cache.
    #[serde(default)]
    shared: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Total {
    total_size: i64,
}

impl Engine {
    /// Bytes that the build cache takes; nothing where the engine does not say it in time.
    pub async fn build_cache(&self) -> Option<i64> {
        let patience = Duration::from_secs(ANSWER);
        match tokio::time::timeout(patience, self.ask_build_cache()).await {
            Ok(Ok(size)) => Some(size),
            Ok(Err(error)) => {
                tracing::debug!(error = service::chain(&error), "the build cache is not measured");
                None
            }
            Err(_elapsed) => None,
        }
    }

    async fn ask_build_cache(&self) -> Result<i64, UnknownSize> {
        let connection = TokioIo::new(self.host.connect().await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(connection).await?;
        let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let request = http::Request::get(PATH).header(http::header::HOST, "engine");
        let request = request.body(Empty::<Bytes>::new()).expect("every part is well-formed");
        let answer = sender.send_request(request).await?;
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        size(&body.map_err(UnknownSize::Read)?.to_bytes()).ok_or(UnknownSize::Unsaid)
    }
}

/// The size in an answer.
fn size(answer: &[u8]) -> Option<i64> {
    let usage: Usage = serde_json::from_slice(answer).ok()?;
    let all = usage.build_cache.map(|records| {
        records.iter().filter(|record| !record.shared).map(|record| record.size).sum()
    });
    all.or(usage.build_cache_usage.map(|total| total.total_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer_engines_are_understood() {
        let older = br#"{"LayersSize":9,"BuildCache":[{"ID":"a","Size":30,"Shared":true},{"ID":"b","Size":12}]}"#;
        assert_eq!(size(older), Some(12));
        let newer = br#"{"BuildCacheUsage":{"ActiveCount":1,"TotalCount":2,"TotalSize":42}}"#;
        assert_eq!(size(newer), Some(42));
    }

    #[test]
    fn what_is_not_said_is_not_zero() {
        for answer in [&br#"{"message":"page not found"}"#[..], b"{}", b"404", b""] {
            assert_eq!(size(answer), None, "{}", String::from_utf8_lossy(answer));
        }
    }
}
