//! How one service calls another.

use crate::principal::{self, Principal};
use crate::{Secret, telemetry};
use std::time::Duration;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

/// How long a call may take unless its request says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// What every call between services carries: the internal token, who asks, the trace and a deadline.
#[derive(Debug, Clone)]
pub struct Internal {
    authorization: MetadataValue<Ascii>,
}

/// The internal token cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the internal token is not valid: use printable characters without spaces")]
pub struct InvalidToken;

impl Internal {
    /// Calls with this token.
    pub fn new(token: &Secret) -> Result<Self, InvalidToken> {
        let value = format!("Bearer {}", token.expose());
        let mut authorization: MetadataValue<Ascii> = value.parse().map_err(|_| InvalidToken)?;
        authorization.set_sensitive(true);
        Ok(Self { authorization })
    }

    /// A request of the platform itself.
    pub fn request<T>(&self, message: T) -> Request<T> {
        self.request_of(&Principal::slipway(), message)
    }

    /// A request on behalf of someone.
    pub fn request_of<T>(&self, principal: &Principal, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(TIMEOUT);
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.authorization.clone());
        metadata.insert_bin(principal::METADATA, principal.encode());
        if let Some(traceparent) = telemetry::traceparent().and_then(|text| text.parse().ok()) {
            metadata.insert("traceparent", traceparent);
        }
        request
    }
}

/// A connection to the service at `url`, made when it is first needed and again after it broke.
pub fn channel(url: &str) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(true);
    Ok(endpoint.connect_lazy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_who_asks_and_until_when() {
        let internal = Internal::new(&Secret::new("t0ken")).expect("valid");
        let request = internal.request(());
        assert_eq!(Principal::of(&request).expect("there"), Principal::slipway());
        let text = |name| request.metadata().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(text("authorization"), Some("Bearer t0ken"));
        assert_eq!(text("grpc-timeout"), Some("10000000u"));
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused() {
        assert_eq!(Internal::new(&Secret::new("a\nb")).err(), Some(InvalidToken));
    }

    #[tokio::test]
    async fn a_url_that_is_none_is_refused() {
        assert!(channel("http://127.0.0.1:8803").is_ok());
        assert!(channel("not a url").is_err());
    }
}
