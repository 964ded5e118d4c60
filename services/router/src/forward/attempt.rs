//! One attempt to have a request answered by one instance.

use super::Ask;
use crate::headers;
use crate::instance::Instance;
use crate::live::LiveRoute;
use crate::problem::Refusal;
use crate::upload::{Progress, Upload};
pub(super) use crate::upstream::http1::Connection;
use crate::upstream::http1::NoAnswer;
use crate::upstream::http2;
use crate::worker::Worker;
use http::header::{HOST, TE};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, Version};
use hyper::body::Incoming;
use std::sync::Arc;

/// The head of an answer, and the connection its body comes over when that is not shared.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) connection: Option<Box<Connection>>,
}

/// Why there is no answer.
pub(super) enum Failed {
    /// The instance got nothing of the request; here it is.
    NotReached(Box<Request<Upload>>),
    /// Asking another one could do harm.
    Final(Refusal),
}

/// See the module.
pub(super) struct Attempt<'a> {
    pub(super) worker: &'a Worker,
    pub(super) instance: &'a Arc<Instance>,
    pub(super) route: &'a LiveRoute,
    pub(super) ask: &'a Ask,
    /// As the client sent it.
    pub(super) uri: &'a Uri,
    pub(super) progress: &'a Progress,
}

impl Attempt<'_> {
    pub(super) async fn run(&self, request: Request<Upload>, h2c: bool) -> Result<Answer, Failed> {
        if h2c {
            self.over_http2(self.for_http2(request)).await
        } else {
            self.over_http1(self.for_http1(request)).await
        }
    }

    async fn over_http1(&self, mut request: Request<Upload>) -> Result<Answer, Failed> {
        let limit = self.route.route.response_timeout;
        loop {
            let kept = self.worker.pool.take(self.instance);
            let (was_idle, spare) =
                (kept.is_some(), kept.as_ref().and_then(|_| repeatable(&request)));
            let Some(mut connection) = (match kept {
                Some(kept) => Some(kept),
                None => self.connect().await,
            }) else {
                return Err(Failed::NotReached(Box::new(request)));
            };
            match connection.send(request, limit, self.progress).await {
                Ok(response) => return Ok(Answer { response, connection: Some(connection) }),
                Err(NoAnswer::Unsent(unsent)) if was_idle => request = *unsent,
                Err(NoAnswer::Unsent(unsent)) => return Err(Failed::NotReached(unsent)),
                Err(NoAnswer::BrokeOff) => {
                    self.worker.pool.forget(self.instance);
                    request = spare.ok_or_else(|| self.failed(Refusal::BrokeOff))?;
                }
                Err(NoAnswer::TimedOut) => return Err(self.failed(Refusal::TimedOut)),
            }
        }
    }

    async fn connect(&self) -> Option<Box<Connection>> {
        let limit = self.route.route.connect_timeout;
        match Connection::open(&self.instance.address, limit).await {
            Ok(connection) => {
                self.instance.connected();
                Some(Box::new(connection))
            }
            Err(error) => {
                self.unreachable(&error);
                None
            }
        }
    }

    fn unreachable(&self, error: &crate::upstream::Unreachable) {
        self.instance.connect_failed();
        tracing::debug!(
            instance.id = &*self.instance.label,
            error = error as &dyn std::error::Error,
            "instance refused a connection",
        );
    }

    async fn over_http2(&self, mut request: Request<Upload>) -> Result<Answer, Failed> {
        let route = &self.route.route;
        loop {
            let shared = &self.worker.shared_connections;
            let (sender, kept) = match shared.get(self.instance, route.connect_timeout).await {
                Ok(got) => got,
                Err(error) => {
                    self.unreachable(&error);
                    return Err(Failed::NotReached(Box::new(request)));
                }
            };
            self.instance.connected();
            match http2::send(sender, request, route.response_timeout, self.progress).await {
                Ok(response) => return Ok(Answer { response, connection: None }),
                Err(NoAnswer::Unsent(unsent)) => {
                    shared.forget(self.instance);
                    if !kept {
                        return Err(Failed::NotReached(unsent));
                    }
                    request = *unsent;
                }
                Err(NoAnswer::BrokeOff) => return Err(self.failed(Refusal::BrokeOff)),
                Err(NoAnswer::TimedOut) => return Err(self.failed(Refusal::TimedOut)),
            }
        }
    }

    /// What failed the request: its own body, or else the instance.
    fn failed(&self, refusal: Refusal) -> Failed {
        Failed::Final(self.progress.fault().unwrap_or(refusal))
    }

    fn for_http1(&self, mut request: Request<Upload>) -> Request<Upload> {
        let absolute = self.uri.authority().is_some();
        if absolute || self.route.route.strip_prefix || request.uri() != self.uri {
            *request.uri_mut() = Uri::from(self.route.route.path_behind(self.uri));
        }
        if absolute || request.version() != Version::HTTP_11 {
            request.headers_mut().insert(HOST, self.ask.host.clone());
        }
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        self.tell_prefix(headers);
        if let Some(upgrade) = &self.ask.upgrade {
            headers::ask_upgrade(headers, upgrade.clone());
        }
        request
    }

    fn for_http2(&self, mut request: Request<Upload>) -> Request<Upload> {
        *request.version_mut() = Version::HTTP_2;
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = self.ask.host.as_bytes().try_into().ok();
        uri.path_and_query = Some(self.route.route.path_behind(self.uri));
        if let Ok(uri) = Uri::from_parts(uri) {
            *request.uri_mut() = uri;
        }
        let headers = request.headers_mut();
        self.tell_prefix(headers);
        headers.remove(HOST);
        if self.ask.takes_trailers {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        request
    }

    fn tell_prefix(&self, headers: &mut HeaderMap) {
        if let Some(prefix) = self.route.route.told_prefix() {
            headers.insert(headers::FORWARDED_PREFIX, prefix);
        }
    }
}

/// A copy of a request that may be sent twice: the connection it goes over may have been closed while idle.
fn repeatable(request: &Request<Upload>) -> Option<Request<Upload>> {
    if !request.method().is_safe() || !request.body().is_none() {
        return None;
    }
    let mut copy = Request::new(Upload::none());
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    Some(copy)
}
