//! The client: one connection to the gateway, a token with every call, and patience with a server that is
//! just starting. A call is safe to repeat because every mutation carries its own request id.

mod refused;

pub(crate) use refused::Refused;

use std::time::Duration;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

/// Pauses between tries of a call that found nobody.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];
/// How long one answer may take; planning and looking at containers is the longest.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A channel that says who asks.
pub(crate) type Authorised = InterceptedService<Channel, Bearer>;

/// Adds the token to every call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<AsciiMetadataValue>);

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Bearer(hidden)" } else { "Bearer(none)" })
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// The platform, as its clients see it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    channel: Authorised,
    address: String,
}

impl Server {
    /// A client of the platform at `address`; connects when first used.
    pub(crate) fn new(address: &str, token: Option<&str>) -> Result<Self, Refused> {
        let invalid = || Refused::address(address);
        if !address.starts_with("http://") {
            return Err(invalid());
        }
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| invalid())?;
        let channel = endpoint
            .user_agent(concat!("slipway/", env!("CARGO_PKG_VERSION")))
            .map_err(|_| invalid())?
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_while_idle(true)
            .connect_lazy();
        let bearer = token.map(|token| AsciiMetadataValue::try_from(format!("Bearer {token}")));
        let bearer = bearer.transpose().map_err(|_| Refused::token())?.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let channel = InterceptedService::new(channel, Bearer(bearer));
        Ok(Self { channel, address: address.to_owned() })
    }

    /// Asks, and asks again for a while when nobody is there.
    pub(crate) async fn ask<Q: Clone, A>(
        &self,
        question: Q,
        call: impl AsyncFn(Authorised, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Refused> {
        self.ask_within(PATIENCE, question, call).await
    }

    /// The same, of what may take longer than an answer usually does.
    pub(crate) async fn ask_within<Q: Clone, A>(
        &self,
        patience: Duration,
        question: Q,
        call: impl AsyncFn(Authorised, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Refused> {
        let mut pauses = PAUSES.iter();
        loop {
            let mut request = Request::new(question.clone());
            request.set_timeout(patience);
            let status = match call(self.channel.clone(), request).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            match pauses.next() {
                Some(pause) if status.code() == Code::Unavailable => {
                    tokio::time::sleep(*pause).await;
                }
                _ => return Err(Refused::by(&self.address, &status)),
            }
        }
    }

    /// Opens a stream of answers; it has no deadline.
    pub(crate) async fn follow<Q: Clone, A>(
        &self,
        question: Q,
        call: impl AsyncFn(Authorised, Request<Q>) -> Result<Response<tonic::Streaming<A>>, Status>,
    ) -> Result<Stream<A>, Refused> {
        let mut pauses = PAUSES.iter();
        loop {
            let status = match call(self.channel.clone(), Request::new(question.clone())).await {
                Ok(answer) => {
                    let address = self.address.clone();
                    return Ok(Stream { answers: answer.into_inner(), address });
                }
                Err(status) => status,
            };
            match pauses.next() {
                Some(pause) if status.code() == Code::Unavailable => {
                    tokio::time::sleep(*pause).await;
                }
                _ => return Err(Refused::by(&self.address, &status)),
            }
        }
    }

    /// What is said of it when a stream ended before its time.
    pub(crate) fn gone(&self) -> Refused {
        Refused::by(&self.address, &Status::unavailable("the stream ended"))
    }
}

/// Answers that come one by one.
#[derive(Debug)]
pub(crate) struct Stream<A> {
    answers: tonic::Streaming<A>,
    address: String,
}

impl<A> Stream<A> {
    /// The next answer; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<A>, Refused> {
        self.answers.message().await.map_err(|status| Refused::by(&self.address, &status))
    }
}

/// A new id for a mutation, so that repeating the call does it once.
pub(crate) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
