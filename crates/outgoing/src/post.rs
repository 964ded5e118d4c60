//! One request: the name is looked up once, every address it has is checked, and the connection goes to one of
//! those that were checked. A name that changes its address in between changes nothing.

use crate::trust::connector;
use crate::{Authority, Networks, Target};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::task::AbortOnDropHandle;

/// The whole exchange takes no longer: Standard Webhooks asks for 15 to 30 s.
const LONGEST: Duration = Duration::from_secs(20);
/// What is sent may take longer, at so many bytes in a second: files of hundreds of megabytes are.
const SLOWEST: usize = 256 << 10;
/// One address may take so long to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// What is read of an answer to what is posted.
const LARGEST: usize = 16 << 10;
/// Addresses of one name that are tried.
const ADDRESSES: usize = 4;
/// How we are called.
const AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));

/// Why a request got no answer. Says nothing of its address but what was looked up.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Its name is not known.
    #[error("look up the host")]
    Lookup(#[source] std::io::Error),
    /// Its name has no address.
    #[error("the host has no address")]
    Nowhere,
    /// It is inside, where nobody may ask.
    #[error(
        "the host has the address {0}, which is not on the internet; SLIPWAY_ALLOW_PRIVATE_TARGETS can allow it"
    )]
    Inside(IpAddr),
    /// It is on the internet, and everybody would read along.
    #[error("http without TLS is spoken only within SLIPWAY_ALLOW_PRIVATE_TARGETS; use https")]
    Plain,
    /// No certificate could show who it is.
    #[error("the host has a name that no certificate can have")]
    Name,
    /// Nobody listens there.
    #[error("connect")]
    Connect(#[source] std::io::Error),
    /// It does not show who it is.
    #[error("agree on TLS")]
    Tls(#[source] std::io::Error),
    /// What is asked cannot be written.
    #[error("make the request")]
    Request(#[source] http::Error),
    /// It broke off.
    #[error("exchange request and answer")]
    Exchange(#[source] hyper::Error),
    /// It took too long.
    #[error("no whole answer came in time")]
    Slow,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its beginning; empty when it is too long.
    pub body: Bytes,
}

/// What is asked of a target, besides its path.
#[derive(Debug)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// Headers besides the host and who we are.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Bytes,
    /// Bytes that an answer may have.
    pub largest: usize,
}

/// Sends requests.
#[derive(Clone)]
pub struct Outgoing {
    tls: TlsConnector,
    allowed: Networks,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Outgoing {
    /// Trusts the authorities that this machine trusts, and `more`; reaches `allowed` beside the internet.
    pub fn new(allowed: Networks, more: &[Authority]) -> Self {
        Self { tls: connector(more), allowed }
    }

    /// Posts `body` to `target`.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, SendError> {
        let asked = Asked { method: Method::POST, headers, body, largest: LARGEST };
        self.ask(target, asked).await
    }

    /// Sends what is `asked` to `target`.
    pub async fn ask(&self, target: &Target, asked: Asked) -> Result<Answer, SendError> {
        let size = asked.body.len();
        let mut request = Request::builder().method(asked.method).uri(target.path.clone());
        if let Some(all) = request.headers_mut() {
            *all = asked.headers;
        }
        let request = request
            .header(header::HOST, &target.authority)
            .header(header::USER_AGENT, AGENT)
            .body(Full::new(asked.body))
            .map_err(SendError::Request)?;
        let exchange = self.exchange(target, request, asked.largest);
        tokio::time::timeout(longest(size), exchange).await.map_err(|_| SendError::Slow)?
    }

    async fn exchange(
        &self,
        target: &Target,
        request: Request<Full<Bytes>>,
        largest: usize,
    ) -> Result<Answer, SendError> {
        let stream = self.connect(target).await?;
        if !target.is_tls {
            return converse(stream, request, largest).await;
        }
        converse(self.secure(&target.host, stream).await?, request, largest).await
    }

    /// `stream`, private from here on, with the one whom a certificate calls `host`.
    pub async fn secure(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, SendError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| SendError::Name)?;
        self.tls.connect(name, stream).await.map_err(SendError::Tls)
    }

    async fn connect(&self, target: &Target) -> Result<TcpStream, SendError> {
        let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
        let found: Vec<SocketAddr> = found.map_err(SendError::Lookup)?.collect();
        self.check(target, &found)?;
        let mut failed = SendError::Nowhere;
        for address in found.into_iter().take(ADDRESSES) {
            match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = SendError::Connect(error),
                Err(_) => failed = SendError::Connect(std::io::ErrorKind::TimedOut.into()),
            }
        }
        Err(failed)
    }

    /// Every address must be permitted: a name that also means something inside is not one of the internet.
    fn check(&self, target: &Target, found: &[SocketAddr]) -> Result<(), SendError> {
        for address in found.iter().map(SocketAddr::ip) {
            if !self.allowed.permit(address) {
                return Err(SendError::Inside(address.to_canonical()));
            }
            if !target.is_tls && !self.allowed.allow(address) {
                return Err(SendError::Plain);
            }
        }
        Ok(())
    }
}

/// How long an exchange may take in which so many bytes are sent.
fn longest(size: usize) -> Duration {
    LONGEST + Duration::from_secs(u64::try_from(size / SLOWEST).unwrap_or_default())
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    largest: usize,
) -> Result<Answer, SendError> {
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(SendError::Exchange)?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(SendError::Exchange)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, largest).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(Answer { status: head.status, headers: head.headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn refused(url: &str, allowed: &str) -> String {
        let outgoing = Outgoing::new(allowed.parse().expect("networks"), &[]);
        let target = Target::parse(url).expect("a target");
        let sent = outgoing.post(&target, HeaderMap::new(), Bytes::new()).await;
        service::chain(&sent.expect_err("refused"))
    }

    #[tokio::test]
    async fn nothing_inside_is_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"] {
            let said = refused(&format!("http://{host}:{port}/"), "").await;
            assert!(
                said.contains("not on the internet") || said.contains("look up"),
                "{host}: {said}"
            );
        }
        let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(nobody.is_err(), "somebody was connected to");
    }

    #[test]
    fn what_is_large_may_take_longer() {
        assert_eq!(longest(1_000), LONGEST);
        assert_eq!(longest(SLOWEST * 60), LONGEST + Duration::from_mins(1));
    }

    #[tokio::test]
    async fn the_internet_is_asked_with_tls_only() {
        let said = refused("http://1.1.1.1/", "127.0.0.0/8").await;
        assert_eq!(
            said,
            "http without TLS is spoken only within SLIPWAY_ALLOW_PRIVATE_TARGETS; use https"
        );
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_like_any_other() {
        let router = axum::Router::new().route(
            "/from",
            axum::routing::post(|| async { axum::response::Redirect::temporary("/to") }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/from", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let outgoing = Outgoing::new("127.0.0.0/8".parse().expect("networks"), &[]);
        let target = Target::parse(&url).expect("a target");
        let answer =
            outgoing.post(&target, HeaderMap::new(), Bytes::new()).await.expect("an answer");
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    }
}
