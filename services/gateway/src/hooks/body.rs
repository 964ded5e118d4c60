//! Reads a body within limits: of its size, of time, and of what its sender may have in progress.

use crate::hooks::limits::{Limits, Part};
use crate::hooks::peer::Peer;
use crate::hooks::problem::Problem;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// GitHub does not deliver anything larger than 25 MB.
pub(crate) const LARGEST: usize = 25 << 20;
/// GitHub gives up after 10 seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// A body may take this long to begin.
const GRACE: Duration = Duration::from_secs(2);
/// From then on it has to come as fast, in bytes a second: slower than any line a forge is behind.
const SLOWEST: usize = 16 << 10;
/// Room for a body before anything of it has come.
const FIRST: usize = 4 << 10;
/// Of a body that is not kept as much is taken in, so that who sends a little too much is told so.
const UNKEPT: usize = 2 * LARGEST;

/// A body in memory, which counts as long as this lives.
#[derive(Debug)]
pub(crate) struct Held {
    pub bytes: Bytes,
    part: Part,
}

impl Held {
    /// The body, and what still counts when that is gone: what was made of it.
    pub(crate) fn parted(self) -> (Bytes, Part) {
        (self.bytes, self.part)
    }
}

/// The whole body, or why it was not read.
pub(crate) async fn read(
    limits: &Limits,
    peer: Peer,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Held, Problem> {
    let mut part = limits.begin(peer)?;
    let is_announced = announced(headers).is_some_and(|length| length > LARGEST);
    let read =
        if is_announced { Err(Problem::TooLarge) } else { collect(&mut part, &mut body).await };
    if read == Err(Problem::TooLarge) {
        take_in(headers, &mut body).await;
    }
    let bytes = read?;
    part.work()?;
    Ok(Held { bytes: bytes.into(), part })
}

/// Takes in the body of a request that is refused without it, and keeps nothing of it. A connection that is closed on
/// somebody who still sends is reset, and the answer lost with it.
pub(crate) async fn discard(limits: &Limits, peer: Peer, headers: &HeaderMap, mut body: Body) {
    if let Ok(_part) = limits.begin(peer) {
        take_in(headers, &mut body).await;
    }
}

/// Who waits to be asked for the body is not asked.
async fn take_in(headers: &HeaderMap, body: &mut Body) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let (begun, mut len) = (Instant::now(), 0);
    while let Ok(Some(Ok(frame))) = timeout_at(begun + time_for(len), body.frame()).await {
        len += frame.data_ref().map_or(0, Bytes::len);
        if len > UNKEPT {
            return;
        }
    }
}

async fn collect(part: &mut Part, body: &mut Body) -> Result<Vec<u8>, Problem> {
    let begun = Instant::now();
    part.grow(FIRST)?;
    let mut bytes = Vec::with_capacity(FIRST);
    loop {
        let frame = timeout_at(begun + time_for(bytes.len()), body.frame()).await;
        let Some(frame) = frame.map_err(|_| Problem::TooSlow)? else { return Ok(bytes) };
        let frame = frame.map_err(|_| Problem::Incomplete)?;
        let Some(data) = frame.data_ref() else { continue };
        let needed = bytes.len() + data.len();
        if needed > LARGEST {
            return Err(Problem::TooLarge);
        }
        if needed > bytes.capacity() {
            let room = (2 * needed).min(LARGEST);
            part.grow(room)?;
            bytes.reserve_exact(room - bytes.len());
        }
        bytes.extend_from_slice(data);
    }
}

/// How long a body may take of which `len` bytes have come.
fn time_for(len: usize) -> Duration {
    let seconds = len / SLOWEST;
    (GRACE + Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))).min(PATIENCE)
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::peer::Proxies;
    use futures_util::stream;
    use http::HeaderValue;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn peer() -> Peer {
        Peer::of([192, 0, 2, 1].into(), &HeaderMap::new(), &Proxies::default())
    }

    async fn read_alone(headers: &HeaderMap, body: Body) -> Result<Held, Problem> {
        read(&Limits::default(), peer(), headers, body).await
    }

    fn chunks(count: usize, size: usize) -> Body {
        let chunk = Bytes::from(vec![b'x'; size]);
        Body::from_stream(stream::iter((0..count).map(move |_| Ok::<_, Infallible>(chunk.clone()))))
    }

    /// One chunk, then one more after each pause.
    fn drops(size: usize, pause: Duration) -> Body {
        let chunk = Bytes::from(vec![b'x'; size]);
        Body::from_stream(stream::unfold(chunk, move |chunk| async move {
            tokio::time::sleep(pause).await;
            Some((Ok::<_, Infallible>(chunk.clone()), chunk))
        }))
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_the_limit() {
        let headers = HeaderMap::new();
        let held = read_alone(&headers, chunks(25, 1 << 20)).await.expect("25 MiB");
        assert_eq!(held.bytes.len(), LARGEST);
        let refused = read_alone(&headers, chunks(26, 1 << 20)).await;
        assert_eq!(refused.expect_err("too much"), Problem::TooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_announced_too_large_is_taken_in_and_asked_of_nobody_who_waits() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, (LARGEST + 1).into());
        let never = || Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let begun = Instant::now();
        let refused = read_alone(&headers, never()).await;
        assert_eq!(refused.expect_err("too much"), Problem::TooLarge);
        assert_eq!(begun.elapsed().as_secs(), GRACE.as_secs());
        headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        let refused = read_alone(&headers, never()).await;
        assert_eq!(refused.expect_err("too much"), Problem::TooLarge);
        assert_eq!(begun.elapsed().as_secs(), GRACE.as_secs());
    }

    #[tokio::test]
    async fn what_is_not_kept_is_taken_in_up_to_a_limit() {
        let (limits, headers) = (Limits::default(), HeaderMap::new());
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let chunk = Bytes::from(vec![b'x'; 1 << 20]);
        let endless = stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(chunk.clone())
        });
        discard(&limits, peer(), &headers, Body::from_stream(endless)).await;
        assert_eq!(taken.load(Ordering::Relaxed), (UNKEPT >> 20) + 1);
    }

    #[tokio::test]
    async fn bodies_of_one_peer_are_bounded_while_they_are_held() {
        let (limits, headers) = (Limits::default(), HeaderMap::new());
        let one = || read(&limits, peer(), &headers, chunks(25, 1 << 20));
        let held = [one().await.expect("fits"), one().await.expect("fits")];
        assert_eq!(one().await.expect_err("no room"), Problem::TooMany);
        drop(held);
        assert!(one().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let begun = Instant::now();
        let refused = read_alone(&HeaderMap::new(), never).await;
        assert_eq!(refused.expect_err("too slow"), Problem::TooSlow);
        assert_eq!(begun.elapsed().as_secs(), GRACE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_and_one_on_a_slow_line_is_not() {
        let begun = Instant::now();
        let refused = read_alone(&HeaderMap::new(), drops(1, Duration::from_millis(100))).await;
        assert_eq!(refused.expect_err("it drips"), Problem::TooSlow);
        assert_eq!(begun.elapsed().as_secs(), GRACE.as_secs());
        let refused =
            read_alone(&HeaderMap::new(), drops(SLOWEST, Duration::from_millis(900))).await;
        assert_eq!(refused.expect_err("it never ends"), Problem::TooSlow);
        assert!(begun.elapsed() >= GRACE + PATIENCE);
    }
}
