//! One small HTTP/1.1 request, to see whether something answers.

use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How much of a body is read: these answers are small.
const LIMIT: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unanswered(String);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// `GET path` at `host:port`, or at a `unix:` socket.
pub(crate) async fn get(address: &str, path: &str) -> Result<Answer, Unanswered> {
    let answer = async {
        match address.strip_prefix("unix:") {
            Some(socket) => ask(UnixStream::connect(socket).await.map_err(failed)?, path).await,
            None => ask(TcpStream::connect(address).await.map_err(failed)?, path).await,
        }
    };
    let seconds = PATIENCE.as_secs();
    let late = |_| Unanswered(format!("no answer within {seconds} s"));
    tokio::time::timeout(PATIENCE, answer).await.map_err(late)?
}

fn failed(error: impl std::fmt::Display) -> Unanswered {
    Unanswered(error.to_string())
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    path: &str,
) -> Result<Answer, Unanswered> {
    let opened = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(failed)?;
    let request = http::Request::get(path).header("host", "localhost").body(Empty::<Bytes>::new());
    let exchange = async {
        let answer = sender.send_request(request.map_err(failed)?).await.map_err(failed)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LIMIT).collect().await.map_err(failed)?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: head.status, headers: head.headers, body })
    };
    tokio::pin!(connection);
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        ended = &mut connection => match ended {
            // The last bytes may have arrived together with the end.
            Ok(()) => exchange.await,
            Err(error) => Err(failed(error)),
        },
    }
}
