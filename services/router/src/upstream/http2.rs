//! HTTP/2 connections without TLS to instances, one per instance and worker, shared by all requests.

use crate::instance::Instance;
use crate::live::Live;
use crate::upload::{Progress, Upload};
use crate::upstream::http1::NoAnswer;
use crate::upstream::{Unreachable, connect};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::TokioTimer;
use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep_until, timeout};

/// How often an idle connection is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long the answer to that may take.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Spawns onto the thread of the worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnThisThread;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for OnThisThread {
    fn execute(&self, task: F) {
        drop(tokio::task::spawn_local(task));
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Shared(RefCell<HashMap<u64, SendRequest<Upload>>>);

impl Shared {
    /// A connection to the instance, and whether it was there already.
    pub(crate) async fn get(
        &self,
        instance: &Instance,
        limit: Duration,
    ) -> Result<(SendRequest<Upload>, bool), Unreachable> {
        let kept = self.0.borrow().get(&instance.key).filter(|kept| !kept.is_closed()).cloned();
        if let Some(kept) = kept {
            return Ok((kept, true));
        }
        let stream = connect(&instance.address, limit).await?;
        let (sender, driver) = http2::Builder::new(OnThisThread)
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_TIMEOUT)
            .handshake(stream)
            .await
            .map_err(|error| Unreachable::handshake(&instance.address, error))?;
        drop(tokio::task::spawn_local(async move {
            if let Err(error) = driver.await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "connection to an instance"
                );
            }
        }));
        self.0.borrow_mut().insert(instance.key, sender.clone());
        Ok((sender, false))
    }

    pub(crate) fn forget(&self, instance: &Instance) {
        self.0.borrow_mut().remove(&instance.key);
    }

    /// Closes the connections to instances that are not in `live` when their requests are done.
    pub(crate) fn follow(&self, live: &Live) {
        let routes = live.routes.iter().flat_map(|route| &route.targets);
        let known: Vec<u64> =
            routes.flat_map(|target| &target.instances).map(|instance| instance.key).collect();
        self.0.borrow_mut().retain(|key, sender| known.contains(key) && !sender.is_closed());
    }
}

/// Sends a request and waits for the head of the answer, `limit` from the last progress of the body on.
pub(crate) async fn send(
    mut sender: SendRequest<Upload>,
    request: Request<Upload>,
    limit: Duration,
    progress: &Progress,
) -> Result<Response<Incoming>, NoAnswer> {
    match timeout(limit, sender.ready()).await {
        Err(_) => return Err(NoAnswer::TimedOut),
        Ok(Err(_)) => return Err(NoAnswer::Unsent(Box::new(request))),
        Ok(Ok(())) => {}
    }
    let mut answer = pin!(sender.try_send_request(request));
    let mut deadline = pin!(sleep_until(progress.deadline(limit)));
    loop {
        tokio::select! {
            answer = &mut answer => return answer.map_err(|mut error| match error.take_message() {
                Some(request) => NoAnswer::Unsent(Box::new(request)),
                None => NoAnswer::BrokeOff,
            }),
            () = &mut deadline => {
                let later = progress.deadline(limit);
                if later <= deadline.deadline() {
                    return Err(NoAnswer::TimedOut);
                }
                deadline.as_mut().reset(later);
            }
        }
    }
}
