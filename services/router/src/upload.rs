//! The body of a request on its way to an instance: limited, and not waited for without end.

use crate::capture;
use crate::problem::Refusal;
use crate::shadow::Kept;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A body, or that there is none.
#[derive(Debug)]
pub(crate) struct Upload(Option<Box<Stream>>);

#[derive(Debug)]
struct Stream {
    incoming: Incoming,
    /// Bytes that may still come.
    left: u64,
    gap: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    progress: Rc<Progress>,
    kept: Option<Rc<RefCell<Kept>>>,
    /// Where it is copied to, if it is captured.
    copy: Option<Rc<capture::Body>>,
}

/// How a body fares, for who waits for the answer to it.
#[derive(Debug)]
pub(crate) struct Progress {
    moved: Cell<Instant>,
    /// The client owes a part of it, which is not waited for without end itself.
    owed: Cell<bool>,
    fault: Cell<Option<Refusal>>,
}

/// The body cannot be passed on; why is told by [`Progress::fault`].
#[derive(Debug, thiserror::Error)]
#[error("the body of the request cannot be passed on")]
pub(crate) struct UploadFailed;

impl Progress {
    /// Nothing was passed on yet; waiting began with the request.
    pub(crate) fn since(started: std::time::Instant) -> Rc<Self> {
        let (moved, owed) = (Cell::new(started.into()), Cell::new(false));
        Rc::new(Self { moved, owed, fault: Cell::new(None) })
    }

    /// Waiting begins anew.
    pub(crate) fn touch(&self) {
        self.moved.set(Instant::now());
    }

    /// Until when the answer is waited for: `limit` from when a part of the body was passed on last, and as long again
    /// while the client owes one. Who is too slow is told by the body.
    pub(crate) fn deadline(&self, limit: Duration) -> Instant {
        let from = if self.owed.get() { Instant::now() } else { self.moved.get() };
        from + limit
    }

    pub(crate) fn fault(&self) -> Option<Refusal> {
        self.fault.get()
    }
}

impl Upload {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// A body of at most `limit` bytes with gaps no longer than `gap`, which is `kept` while it passes.
    pub(crate) fn new(
        incoming: Incoming,
        limit: Option<u64>,
        gap: Duration,
        progress: &Rc<Progress>,
        kept: Option<Rc<RefCell<Kept>>>,
    ) -> Self {
        if incoming.is_end_stream() {
            return Self::none();
        }
        let left = limit.unwrap_or(u64::MAX);
        let progress = progress.clone();
        let timer = None;
        Self(Some(Box::new(Stream { incoming, left, gap, timer, progress, kept, copy: None })))
    }

    /// What passes from here on is copied.
    pub(crate) fn copy_to(&mut self, copy: &Rc<capture::Body>) {
        if let Some(stream) = &mut self.0 {
            stream.copy = Some(copy.clone());
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl Stream {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refusal>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            return self.poll_gap(cx);
        };
        self.timer = None;
        self.progress.owed.set(false);
        self.progress.touch();
        self.note_end();
        Poll::Ready(frame.map(|frame| {
            let frame = frame.map_err(|_| Refusal::BodyBroken)?;
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.left = self.left.checked_sub(bytes).ok_or(Refusal::BodyTooLarge)?;
            if let (Some(kept), Some(part)) = (&self.kept, frame.data_ref()) {
                kept.borrow_mut().part(part);
            }
            if let (Some(copy), Some(data)) = (&self.copy, frame.data_ref()) {
                copy.add(data);
            }
            Ok(frame)
        }))
    }

    fn note_end(&self) {
        if let Some(kept) = self.kept.as_ref().filter(|_| self.incoming.is_end_stream()) {
            kept.borrow_mut().completed();
        }
    }

    fn poll_gap(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refusal>>> {
        let gap = self.gap;
        self.progress.owed.set(true);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + gap)));
        timer.as_mut().poll(cx).map(|()| Some(Err(Refusal::BodyTooSlow)))
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadFailed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadFailed>>> {
        let Some(stream) = &mut self.0 else { return Poll::Ready(None) };
        stream.poll(cx).map_err(|refusal| {
            stream.progress.fault.set(Some(refusal));
            UploadFailed
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|stream| stream.incoming.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Some(stream) => stream.incoming.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}
