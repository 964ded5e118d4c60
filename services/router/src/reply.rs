//! The body of an answer on its way to the client, and what is done when it ends.

use crate::record::Record;
use crate::shadow::Draft;
use crate::upstream::http1::Connection;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A body; the record of its request ends with it.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Of the router's own; the record is kept until it is sent.
    Own(Option<Bytes>, #[expect(dead_code, reason = "kept to be dropped")] Box<Record>),
    /// None: both sides speak another protocol from here on.
    Switched,
    /// Of an instance.
    Passed(Box<Passed>),
}

/// See [`Reply::Passed`].
#[derive(Debug)]
pub(crate) struct Passed {
    incoming: Incoming,
    /// Drives the body, when it is not shared.
    connection: Option<Box<Connection>>,
    /// The longest time between two parts; nothing where silence is normal.
    gap: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    record: Box<Record>,
    /// The candidate is to be asked the same.
    draft: Option<Box<Draft>>,
}

/// The answer ends here, incomplete.
#[derive(Debug, thiserror::Error)]
#[error("the instance broke off within its answer")]
pub(crate) struct BrokeOff;

impl Reply {
    pub(crate) fn own(body: Bytes, mut record: Box<Record>) -> Self {
        record.sent(body.len() as u64);
        Self::Own(Some(body).filter(|body| !body.is_empty()), record)
    }

    pub(crate) fn passed(
        incoming: Incoming,
        (connection, draft): (Option<Box<Connection>>, Option<Box<Draft>>),
        gap: Option<Duration>,
        record: Box<Record>,
    ) -> Self {
        let mut passed = Passed { incoming, connection, gap, timer: None, record, draft };
        if passed.incoming.is_end_stream() {
            passed.complete();
        }
        Self::Passed(Box::new(passed))
    }
}

impl Passed {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        let polled = match &mut self.connection {
            Some(connection) => connection.poll_body(&mut self.incoming, cx),
            None => Pin::new(&mut self.incoming).poll_frame(cx),
        };
        let Poll::Ready(frame) = polled else { return self.poll_gap(cx) };
        self.timer = None;
        match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.record.passed(data);
                    if let Some(draft) = &mut self.draft {
                        draft.part(data);
                    }
                }
                if self.incoming.is_end_stream() {
                    self.complete();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "answer of an instance");
                self.fail()
            }
            None => {
                self.complete();
                Poll::Ready(None)
            }
        }
    }

    fn poll_gap(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        let Some(gap) = self.gap else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + gap)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.fail()
    }

    fn fail(&mut self) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        self.connection = None;
        self.draft = None;
        self.record.broke_off();
        Poll::Ready(Some(Err(BrokeOff)))
    }

    /// The connection can serve another request, and the candidate be asked the same.
    fn complete(&mut self) {
        self.record.completed();
        if let Some(connection) = self.connection.take() {
            self.record.keep_connection(connection);
        }
        if let Some(draft) = self.draft.take() {
            draft.send(self.record.worker());
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        match &mut *self {
            Self::Own(body, _) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Switched => Poll::Ready(None),
            Self::Passed(passed) => passed.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body, _) => body.is_none(),
            Self::Switched => true,
            Self::Passed(passed) => passed.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body, _) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Self::Switched => SizeHint::with_exact(0),
            Self::Passed(passed) => passed.incoming.size_hint(),
        }
    }
}
