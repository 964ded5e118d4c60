//! An answer that ends when something else does: the gateway, or the token of who asked. A watch would otherwise
//! go on for ever.

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::Status;

/// Frames that are passed on after the end if they are there already: an answer that is no stream stays whole.
const SPARE: u16 = 256;

/// A body that ends with a status as soon as there is one.
pub(super) struct Until {
    body: axum::body::Body,
    told: Pin<Box<dyn Future<Output = Status> + Send>>,
    end: Option<Status>,
    spare: u16,
    over: bool,
}

impl Until {
    /// `body`, ended by what is told.
    pub(super) fn end(
        body: axum::body::Body,
        told: impl Future<Output = Status> + Send + 'static,
    ) -> axum::body::Body {
        let (told, end, spare) = (Box::pin(told), None, SPARE);
        axum::body::Body::new(Self { body, told, end, spare, over: false })
    }
}

fn trailers(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    if let Err(error) = status.add_header(&mut trailers) {
        tracing::debug!(%error, "a stream ends without its reason");
    }
    Frame::trailers(trailers)
}

impl Body for Until {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.over {
            return Poll::Ready(None);
        }
        // Also while there are frames: a stream that never pauses is no way around its end.
        if self.end.is_none()
            && let Poll::Ready(status) = self.told.as_mut().poll(context)
        {
            self.end = Some(status);
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let Some(status) = &self.end else { return frame };
        if frame.is_ready() && self.spare > 0 {
            self.spare -= 1;
            return frame;
        }
        let end = trailers(status);
        self.over = true;
        Poll::Ready(Some(Ok(end)))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
