//! The connection to one engine.

use super::EngineError;
use crate::probe::Probes;
use bollard::Docker;
use bollard::errors::Error as Cause;
use std::time::Duration;
use tracing::Instrument;

/// Longer than a start on a machine under load takes.
const CALL_LIMIT: Duration = Duration::from_mins(1);

/// The same for what only looks, or writes a few lines: a network that lost it must not hold a release for a minute.
const ASK_LIMIT: Duration = Duration::from_secs(15);

/// How long an engine that is well takes to answer that it is there, at most.
const PING_LIMIT: Duration = Duration::from_secs(5);

/// One Docker engine. Clones share it.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    /// What its containers answered so far.
    pub(crate) probes: Probes,
}

impl Engine {
    /// Connects to `host` (`unix:///var/run/docker.sock`) and agrees on the version of the API.
    pub async fn connect(host: &str) -> Result<Self, EngineError> {
        let failed =
            |source| EngineError::Connect { host: host.to_owned(), source: Box::new(source) };
        let docker = Docker::connect_with_host(host).map_err(failed)?;
        let negotiated = tokio::time::timeout(PING_LIMIT, docker.negotiate_version()).await;
        let silent = |_| failed(Cause::RequestTimeoutError);
        let docker = negotiated.map_err(silent)?.map_err(failed)?;
        Ok(Self { docker, probes: Probes::default() })
    }

    /// Whether the engine answers.
    pub async fn ping(&self) -> Result<(), EngineError> {
        within(PING_LIMIT, "answer", "a ping", self.docker.ping()).await.map(|_| ())
    }

    pub(super) async fn ask<T>(
        &self,
        call: &'static str,
        subject: &str,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, EngineError> {
        within(ASK_LIMIT, call, subject, work).await
    }

    pub(super) async fn call<T>(
        &self,
        call: &'static str,
        subject: &str,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, EngineError> {
        within(CALL_LIMIT, call, subject, work).await
    }
}

pub(super) async fn within<T>(
    limit: Duration,
    call: &'static str,
    subject: &str,
    work: impl Future<Output = Result<T, Cause>>,
) -> Result<T, EngineError> {
    let span = spanned(call, subject);
    match tokio::time::timeout(limit, work).instrument(span).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(EngineError::of(call, subject, source)),
        Err(_) => Err(EngineError::Silent { call, subject: subject.to_owned(), limit }),
    }
}

/// A span for what changes something as part of something larger; looking is done all the time.
fn spanned(call: &'static str, subject: &str) -> tracing::Span {
    let looks = ["inspect", "list", "answer", "describe"].iter().any(|it| call.starts_with(it));
    if looks || tracing::Span::current().is_none() {
        return tracing::Span::none();
    }
    tracing::info_span!(
        "docker",
        otel.name = call,
        otel.kind = "client",
        peer.service = "docker",
        subject
    )
}
