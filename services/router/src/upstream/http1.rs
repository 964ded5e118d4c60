//! One HTTP/1.1 connection to an instance, driven by the task of the request that uses it: no task of its own, no
//! channel between threads. While nobody uses it, it is polled by the tick of the worker only; that it was closed
//! shows before anything is written.

use crate::table::Address;
use crate::upload::{Progress, Upload};
use crate::upstream::gate::Gate;
use crate::upstream::{Unreachable, connect};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::sleep_until;

/// See the module.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Upload>,
    driver: http1::Connection<TokioIo<TcpStream>, Upload>,
    /// The driver must not be polled any more.
    ended: bool,
    gate: Arc<Gate>,
    /// Of the gate.
    waker: Waker,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The connection was closed before any of the request was written; here it is.
    Unsent(Box<Request<Upload>>),
    /// The connection broke after some of it was written.
    BrokeOff,
    /// There was no head of an answer in time.
    TimedOut,
}

impl Connection {
    pub(crate) async fn open(address: &Address, limit: Duration) -> Result<Self, Unreachable> {
        let stream = connect(address, limit).await?;
        let (sender, driver) = http1::handshake(stream)
            .await
            .expect("a handshake of HTTP/1 does nothing that can fail");
        let gate = Arc::new(Gate::default());
        let waker = Waker::from(gate.clone());
        Ok(Self { sender, driver, ended: false, gate, waker })
    }

    /// Whether it can take a request now, as far as is known.
    pub(crate) fn is_usable(&mut self) -> bool {
        self.gate.lead_to(&Context::from_waker(Waker::noop()));
        self.drive();
        !self.ended && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of the answer, `limit` from the last progress of the body on.
    pub(crate) async fn send(
        &mut self,
        request: Request<Upload>,
        limit: Duration,
        progress: &Progress,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let mut deadline = pin!(sleep_until(progress.deadline(limit)));
        poll_fn(|cx| {
            self.gate.lead_to(cx);
            let mut own = Context::from_waker(&self.waker);
            self.ended = self.ended || drive(&mut self.driver, &mut own);
            // Only the driver, polled just above, completes the answer: nobody needs to be woken for it.
            let polled = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(answer) = polled {
                return Poll::Ready(answer.map_err(no_answer));
            }
            if self.ended {
                return Poll::Ready(Err(NoAnswer::BrokeOff));
            }
            while deadline.as_mut().poll(cx).is_ready() {
                let later = progress.deadline(limit);
                if later <= deadline.deadline() {
                    return Poll::Ready(Err(NoAnswer::TimedOut));
                }
                deadline.as_mut().reset(later);
            }
            Poll::Pending
        })
        .await
    }

    /// The next part of the body of an answer that came over this connection.
    pub(crate) fn poll_body(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.gate.lead_to(cx);
        self.gate.shut();
        let mut polled = self.poll_body_once(body);
        // To ask for more of a body is a knock: the driver listens to it at once.
        if polled.is_pending() && self.gate.take_knock() {
            polled = self.poll_body_once(body);
        }
        self.gate.open(polled.is_pending());
        polled
    }

    fn poll_body_once(
        &mut self,
        body: &mut Incoming,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // As above: what comes, comes by the driver, which is polled here.
        let mut nobody = Context::from_waker(Waker::noop());
        let frame = Pin::new(&mut *body).poll_frame(&mut nobody);
        if frame.is_ready() || self.ended {
            return frame;
        }
        self.drive();
        Pin::new(body).poll_frame(&mut nobody)
    }

    /// The socket after both sides switched to another protocol, and what came over it already.
    pub(crate) fn into_socket(self) -> (TcpStream, Bytes) {
        let parts = self.driver.into_parts();
        (parts.io.into_inner(), parts.read_buf)
    }

    fn drive(&mut self) {
        let mut own = Context::from_waker(&self.waker);
        self.ended = self.ended || drive(&mut self.driver, &mut own);
    }
}

/// Goes as far as it can; tells whether the connection has ended.
fn drive(driver: &mut http1::Connection<TokioIo<TcpStream>, Upload>, cx: &mut Context<'_>) -> bool {
    let Poll::Ready(end) = Pin::new(driver).poll(cx) else { return false };
    if let Err(error) = end {
        tracing::debug!(error = &error as &dyn std::error::Error, "connection to an instance");
    }
    true
}

fn no_answer(mut error: TrySendError<Request<Upload>>) -> NoAnswer {
    if let Some(request) = error.take_message() {
        return NoAnswer::Unsent(Box::new(request));
    }
    let error = error.into_error();
    tracing::debug!(error = &error as &dyn std::error::Error, "request to an instance");
    NoAnswer::BrokeOff
}
