//! One request of the manifest's to an instance, and its whole answer. Redirects are answers, not followed.

use super::exchange::exchange;
use super::{Answer, tcp};
use http::response::Parts;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{HeaderMap, Request, Response};
use manifest::{Call, Json, Text};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A longer body is not read: what is looked for in it would not be found by people either.
const BODY_CAP: usize = 1024 * 1024;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// What we are called, unless the headers say it.
    pub(crate) agent: &'static str,
    pub(crate) call: &'a Call,
    pub(crate) json: Option<&'a Json>,
    pub(crate) headers: &'a BTreeMap<Text, Text>,
    /// How long the whole answer may take.
    pub(crate) within: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `None` when it was longer than is read.
    pub(crate) body: Option<Bytes>,
    pub(crate) took: Duration,
}

/// Asks once; no reply is an [`Answer`] that says why.
pub(crate) async fn call(address: SocketAddr, asked: Question<'_>) -> Result<Reply, Answer> {
    let started = Instant::now();
    let stream = tcp::connect(address, asked.within).await?;
    let request = request(address, asked).map_err(|error| Answer::Unasked(error.to_string()))?;
    let exchanged = timeout_at(started + asked.within, exchange(stream, request, read)).await;
    let (head, body) = exchanged.unwrap_or(Err(Answer::TimedOut(asked.within)))?;
    let Parts { status, headers, .. } = head;
    Ok(Reply { status: status.as_u16(), headers, body, took: started.elapsed() })
}

fn request(address: SocketAddr, asked: Question<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::builder()
        .method(asked.call.method())
        .uri(asked.call.path().as_str())
        .header(CONNECTION, "close");
    let says = |name: &http::HeaderName| {
        asked.headers.keys().any(|given| given.as_str().eq_ignore_ascii_case(name.as_str()))
    };
    for (name, value) in asked.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    let own = [(HOST, address.to_string()), (USER_AGENT, asked.agent.to_owned())];
    let json = asked.json.map(|_| (CONTENT_TYPE, "application/json".to_owned()));
    for (name, value) in own.into_iter().chain(json).filter(|(name, _)| !says(name)) {
        request = request.header(name, value);
    }
    let body = asked.json.map(|json| json.0.to_string()).unwrap_or_default();
    request.body(Full::from(body))
}

async fn read(response: Response<Incoming>) -> Result<(Parts, Option<Bytes>), Answer> {
    let (head, body) = response.into_parts();
    match Limited::new(body, BODY_CAP).collect().await {
        Ok(body) => Ok((head, Some(body.to_bytes()))),
        Err(error) if error.is::<LengthLimitError>() => Ok((head, None)),
        Err(_) => Err(Answer::Reset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::RequestPath;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What a server hears that answers with `answer`, and what is made of it.
    async fn asked(json: Option<Json>, answer: String) -> (String, Result<Reply, Answer>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("asked");
            let mut heard = vec![0; 4096];
            let count = stream.read(&mut heard).await.expect("read");
            // A client that heard enough may be gone.
            drop(stream.write_all(answer.as_bytes()).await);
            String::from_utf8_lossy(&heard[..count]).into_owned()
        };
        let path = Call::Post(RequestPath::parse("/predict?x=1").expect("a path"));
        let text = |text: &str| Text::parse(text).expect("a text");
        let headers = BTreeMap::from([(text("Host"), text("shop.example"))]);
        let within = Duration::from_secs(10);
        let json = json.as_ref();
        let agent = "slipway-verify";
        let question = Question { agent, call: &path, json, headers: &headers, within };
        tokio::join!(serve, call(address, question))
    }

    #[tokio::test]
    async fn a_request_says_what_the_manifest_says() {
        let json = Json(serde_json::json!({"amount": 3}));
        let (heard, reply) =
            asked(Some(json), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned()).await;
        for said in [
            "POST /predict?x=1 HTTP/1.1",
            "shop.example",
            "slipway-verify",
            "application/json",
            "{\"amount\":3}",
        ] {
            assert!(heard.contains(said), "{heard}");
        }
        assert_eq!(heard.to_lowercase().matches("host:").count(), 1);
        let reply = reply.expect("a reply");
        assert_eq!((reply.status, reply.body.as_deref()), (200, Some(b"{}".as_slice())));
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_not_kept_and_one_that_breaks_off_is_no_reply() {
        let long = "x".repeat(BODY_CAP + 1);
        let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let (_, reply) = asked(None, head(long.len()) + &long).await;
        assert_eq!(reply.expect("a reply").body, None);
        let (_, reply) = asked(None, head(10) + "only").await;
        assert_eq!(reply, Err(Answer::Reset));
    }
}
