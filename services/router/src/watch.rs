//! What one connection of a client is doing, so that one slow tick a second can close those that take too long,
//! without a timer per request.

use crate::config::Limits;
use futures_util::task::AtomicWaker;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// Milliseconds since a worker started, told by its tick.
pub(crate) type Coarse = Arc<AtomicU64>;

/// What a connection is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Serve,
    /// Finish what is open, then close.
    Finish,
    /// Close now.
    Close,
}

/// One connection as its task, its socket and the tick of the worker see it.
#[derive(Debug)]
pub(crate) struct Watch {
    clock: Coarse,
    /// Requests being answered.
    active: AtomicU32,
    /// Part of a head was read.
    reading: AtomicBool,
    multiplexed: AtomicBool,
    /// When the state above changed last.
    since: AtomicU64,
    /// When the socket took no more; 0 while it takes what it is given.
    stalled: AtomicU64,
    finish: AtomicBool,
    close: AtomicBool,
    task: AtomicWaker,
}

impl Watch {
    /// A connection that was just accepted and owes a head.
    pub(crate) fn new(clock: Coarse) -> Self {
        let now = clock.load(Relaxed);
        Self {
            clock,
            active: AtomicU32::new(0),
            reading: AtomicBool::new(true),
            multiplexed: AtomicBool::new(false),
            since: AtomicU64::new(now),
            stalled: AtomicU64::new(0),
            finish: AtomicBool::new(false),
            close: AtomicBool::new(false),
            task: AtomicWaker::new(),
        }
    }

    pub(crate) fn is_multiplexed(&self) {
        self.multiplexed.store(true, Relaxed);
    }

    pub(crate) fn request_began(&self) {
        self.active.fetch_add(1, Relaxed);
        self.reading.store(false, Relaxed);
    }

    pub(crate) fn request_ended(&self) {
        self.active.fetch_sub(1, Relaxed);
        self.since.store(self.clock.load(Relaxed), Relaxed);
    }

    /// What to do now; the task is woken when that changes.
    pub(crate) fn command(&self, cx: &Context<'_>) -> Command {
        self.task.register(cx.waker());
        if self.close.load(Relaxed) {
            Command::Close
        } else if self.finish.load(Relaxed) {
            Command::Finish
        } else {
            Command::Serve
        }
    }

    pub(crate) fn finish(&self) {
        self.finish.store(true, Relaxed);
        self.task.wake();
    }

    /// Closes the connection when it takes too long.
    pub(crate) fn tick(&self, limits: &Limits) {
        if self.is_overdue(self.clock.load(Relaxed), limits) {
            self.close.store(true, Relaxed);
            self.task.wake();
        }
    }

    fn is_overdue(&self, now: u64, limits: &Limits) -> bool {
        let over = |since: u64, limit: std::time::Duration| {
            u128::from(now.saturating_sub(since)) > limit.as_millis()
        };
        let stalled = self.stalled.load(Relaxed);
        if stalled != 0 && over(stalled, limits.send_timeout) {
            return true;
        }
        if self.active.load(Relaxed) > 0 {
            return false;
        }
        let owes_head = self.reading.load(Relaxed) && !self.multiplexed.load(Relaxed);
        let limit = if owes_head { limits.head_timeout } else { limits.idle_timeout };
        over(self.since.load(Relaxed), limit)
    }

    fn has_read(&self) {
        if self.active.load(Relaxed) == 0 && !self.reading.load(Relaxed) {
            self.reading.store(true, Relaxed);
            self.since.store(self.clock.load(Relaxed), Relaxed);
        }
    }

    fn has_written(&self, written: bool) {
        if written {
            self.stalled.store(0, Relaxed);
        } else if self.stalled.load(Relaxed) == 0 {
            self.stalled.store(self.clock.load(Relaxed).max(1), Relaxed);
        }
    }
}

/// The socket of a client, watched.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TokioIo<TcpStream>,
    watch: Arc<Watch>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Self { stream: TokioIo::new(stream), watch }
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() {
            self.watch.has_read();
        }
        read
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch.has_written(written.is_ready());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch.has_written(written.is_ready());
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overdue_after(watch: &Watch) -> Option<u64> {
        let limits = Limits::default();
        (0..200).find(|second| watch.is_overdue(second * 1000, &limits))
    }

    #[test]
    fn a_head_is_owed_sooner_than_the_next_request() {
        let watch = Watch::new(Coarse::default());
        assert_eq!(overdue_after(&watch), Some(16));
        watch.request_began();
        assert_eq!(overdue_after(&watch), None);
        watch.request_ended();
        assert_eq!(overdue_after(&watch), Some(76));
        watch.has_read();
        assert_eq!(overdue_after(&watch), Some(16));
    }

    #[test]
    fn who_takes_no_answer_is_closed_even_while_one_is_given() {
        let watch = Watch::new(Coarse::default());
        watch.request_began();
        watch.has_written(false);
        assert_eq!(overdue_after(&watch), Some(61));
        watch.has_written(true);
        assert_eq!(overdue_after(&watch), None);
    }
}
