//! An answer that ends when the gateway does: a watch would otherwise hold up the end of the process.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Code;

/// A body that ends with `UNAVAILABLE` when it is told to.
pub(super) struct Until {
    body: Incoming,
    told: Pin<Box<WaitForCancellationFutureOwned>>,
    over: bool,
}

impl Until {
    pub(super) fn new(body: Incoming, ending: CancellationToken) -> Self {
        Self { body, told: Box::pin(ending.cancelled_owned()), over: false }
    }
}

fn trailers() -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(Code::Unavailable as i32));
    trailers.insert("grpc-message", HeaderValue::from_static("the gateway is stopping"));
    Frame::trailers(trailers)
}

impl Body for Until {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if self.over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        ready!(self.told.as_mut().poll(context));
        self.over = true;
        Poll::Ready(Some(Ok(trailers())))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
