//! Reads a body within limits: of one body, of time, and of the memory that all bodies take together.

use crate::hooks::problem::Problem;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// GitHub does not deliver anything larger than 25 MB.
pub(crate) const LARGEST: usize = 25 << 20;
/// GitHub gives up after 10 seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// What all bodies may take at once, in KiB.
const MEMORY_KIB: usize = 128 << 10;
/// Requests in work at once; origin: far more than Postgres commits in the time GitHub waits.
const AT_ONCE: usize = 512;

/// How much is in work.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    memory: Arc<Semaphore>,
    requests: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        let memory = Arc::new(Semaphore::new(MEMORY_KIB));
        Self { memory, requests: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// A body in memory, which counts as long as this lives.
#[derive(Debug)]
pub(crate) struct Held {
    pub bytes: Bytes,
    _memory: OwnedSemaphorePermit,
    _request: OwnedSemaphorePermit,
}

impl Limits {
    /// The whole body, or why it was not read.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Held, Problem> {
        let request = self.requests.clone().try_acquire_owned().map_err(|_| Problem::TooBusy)?;
        let announced = announced(headers);
        if announced.is_some_and(|length| length > LARGEST) {
            return Err(Problem::TooLarge);
        }
        let reading = self.collect(body, announced.unwrap_or(0).min(64 << 10));
        let read = tokio::time::timeout(PATIENCE, reading).await.map_err(|_| Problem::TooSlow)?;
        let (bytes, memory) = read?;
        Ok(Held { bytes, _memory: memory, _request: request })
    }

    async fn collect(
        &self,
        mut body: Body,
        expected: usize,
    ) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
        let mut memory = self.take(1)?;
        let mut bytes = BytesMut::with_capacity(expected);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Problem::Incomplete)?;
            let Some(data) = frame.data_ref() else { continue };
            if bytes.len() + data.len() > LARGEST {
                return Err(Problem::TooLarge);
            }
            bytes.extend_from_slice(data);
            let wanted = bytes.len().div_ceil(1024).saturating_sub(memory.num_permits());
            if wanted > 0 {
                memory.merge(self.take(wanted)?);
            }
        }
        Ok((bytes.freeze(), memory))
    }

    fn take(&self, kib: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let kib = u32::try_from(kib).map_err(|_| Problem::TooLarge)?;
        self.memory.clone().try_acquire_many_owned(kib).map_err(|_| Problem::TooBusy)
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    fn chunks(count: usize, size: usize) -> Body {
        let chunk = Bytes::from(vec![b'x'; size]);
        Body::from_stream(stream::iter((0..count).map(move |_| Ok::<_, Infallible>(chunk.clone()))))
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_the_limit() {
        let limits = Limits::default();
        let held = limits.read(&HeaderMap::new(), chunks(25, 1 << 20)).await.expect("25 MiB");
        assert_eq!(held.bytes.len(), LARGEST);
        let refused = limits.read(&HeaderMap::new(), chunks(26, 1 << 20)).await;
        assert_eq!(refused.expect_err("too much"), Problem::TooLarge);
    }

    #[tokio::test]
    async fn a_body_announced_too_large_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, (LARGEST + 1).into());
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let refused = Limits::default().read(&headers, never).await;
        assert_eq!(refused.expect_err("too much"), Problem::TooLarge);
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded() {
        let limits = Limits::default();
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(limits.read(&HeaderMap::new(), chunks(25, 1 << 20)).await.expect("fits"));
        }
        let refused = limits.read(&HeaderMap::new(), chunks(25, 1 << 20)).await;
        assert_eq!(refused.expect_err("no room"), Problem::TooBusy);
        held.clear();
        assert!(limits.read(&HeaderMap::new(), chunks(25, 1 << 20)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let refused = Limits::default().read(&HeaderMap::new(), never).await;
        assert_eq!(refused.expect_err("too slow"), Problem::TooSlow);
    }
}
