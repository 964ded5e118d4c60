//! One GET. Redirects are answers, not followed; of a body more is read than shown, because secrets in it are
//! hidden before it is cut.

use super::exchange::exchange;
use super::{Answer, tcp};
use crate::docker::clean;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HOST, LOCATION, USER_AGENT};
use hyper::{Request, Response};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// So much is read of what may be shown. A secret is shorter, or begins after what is shown.
const HEARD: usize = 8192;
/// Of a good answer nothing is shown; so much is taken from who sends it.
const TAKEN: usize = 200;

pub(super) async fn ask(address: SocketAddr, path: &str, limit: Duration) -> Answer {
    let deadline = Instant::now() + limit;
    let stream = match tcp::connect(address, limit).await {
        Ok(stream) => stream,
        Err(answer) => return answer,
    };
    let asked = timeout_at(deadline, get(stream, (address, path), deadline));
    asked.await.unwrap_or(Answer::TimedOut(limit))
}

async fn get(stream: TcpStream, (address, path): (SocketAddr, &str), deadline: Instant) -> Answer {
    let request = Request::get(path)
        .header(HOST, address.to_string())
        .header(USER_AGENT, "slipway-probe")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    let request = match request {
        Ok(request) => request,
        Err(error) => return Answer::Unasked(error.to_string()),
    };
    let read = async |response| Ok(read(response, deadline).await);
    exchange(stream, request, read).await.unwrap_or_else(|answer| answer)
}

async fn read(mut response: Response<Incoming>, deadline: Instant) -> Answer {
    let location = response.headers().get(LOCATION);
    let location = location.map(|location| clean(&String::from_utf8_lossy(location.as_bytes())));
    let status = response.status();
    let location = location.filter(|_| status.is_redirection());
    let (mut bytes, body) = (Vec::new(), response.body_mut());
    if status.is_success() {
        begin(body, TAKEN, &mut bytes).await;
        bytes.clear();
    } else {
        // The status says enough, also when its body does not end in time.
        drop(timeout_at(deadline, begin(body, HEARD, &mut bytes)).await);
    }
    let text = String::from_utf8_lossy(&bytes);
    let body = text.lines().map(clean).collect::<Vec<_>>().join(" ").trim().to_owned();
    Answer::Status { status: status.as_u16(), location, body }
}

/// The begin of a body; what breaks off was enough.
async fn begin(body: &mut Incoming, most: usize, bytes: &mut Vec<u8>) {
    while bytes.len() < most
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes.extend(frame.into_data().unwrap_or_default());
    }
    bytes.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// An answer comes within this, also on a busy machine.
    const LIMIT: Duration = Duration::from_secs(30);
    /// An end that does not come is waited for only so long, and for all before it.
    const ENDLESS: Duration = Duration::from_secs(3);
    /// What does not come at all is waited for only so long.
    const SHORT: Duration = Duration::from_millis(300);

    /// What the probe says of a server that answers with `bytes` and keeps the connection for `hold`.
    async fn asked(bytes: &'static str, hold: Duration) -> Answer {
        asked_within(LIMIT, bytes, hold).await
    }

    async fn asked_within(limit: Duration, bytes: &'static str, hold: Duration) -> Answer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /ready HTTP/1.1\r\n"));
            stream.write_all(bytes.as_bytes()).await.unwrap();
            tokio::time::sleep(hold).await;
        });
        let answer = ask(address, "/ready", limit).await;
        server.abort();
        answer
    }

    const NO_HOLD: Duration = Duration::ZERO;

    #[tokio::test]
    async fn two_hundred_is_good_also_when_the_server_holds_the_connection() {
        let answer = asked("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", LIMIT * 10).await;
        assert_eq!(answer.to_string(), "200");
        assert!(answer.is_good());
    }

    #[tokio::test]
    async fn a_redirect_is_told_and_not_followed() {
        let answer = asked("HTTP/1.1 301 Moved\r\nlocation: /login\r\n\r\n", NO_HOLD).await;
        assert_eq!(answer.to_string(), "301 to /login");
    }

    #[tokio::test]
    async fn a_bad_status_brings_the_begin_of_its_body() {
        let response = "HTTP/1.0 503 Busy\r\n\r\nmodel is\nloading";
        assert_eq!(asked(response, NO_HOLD).await.to_string(), "503 \"model is loading\"");
    }

    #[tokio::test]
    async fn a_bad_status_is_told_also_when_its_body_never_ends() {
        let response = "HTTP/1.1 500 No\r\ncontent-length: 999\r\n\r\nbroken";
        let answer = asked_within(ENDLESS, response, LIMIT).await;
        assert_eq!(answer.to_string(), "500 \"broken\"");
    }

    #[tokio::test]
    async fn no_answer_and_no_http_are_told_apart() {
        assert_eq!(asked_within(SHORT, "", LIMIT * 10).await, Answer::TimedOut(SHORT));
        assert_eq!(asked("", NO_HOLD).await, Answer::Reset);
        assert_eq!(asked("220 mail.example ESMTP\r\n", LIMIT).await, Answer::NotHttp);
    }

    #[tokio::test]
    async fn a_closed_port_refuses() {
        assert_eq!(ask(([127, 0, 0, 1], 1).into(), "/", LIMIT).await, Answer::Refused);
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// What is made of `bytes` as the answer to a probe.
    fn answer_to(bytes: Vec<u8>) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("bound");
            let serve = async {
                let (mut stream, _) = listener.accept().await.expect("asked");
                // A connection that is closed before its question was read is reset.
                let asked = stream.read(&mut [0; 1024]).await.expect("a question");
                assert!(asked > 0, "a question");
                // The probe may have heard enough.
                drop(stream.write_all(&bytes).await);
                drop(stream.shutdown().await);
            };
            tokio::join!(ask(address, "/ready", Duration::from_mins(1)), serve).0
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bytes_that_are_no_answer_are_not_good(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assume!(!bytes.starts_with(b"HTTP/1."));
            prop_assert!(!answer_to(bytes).is_good());
        }

        #[test]
        fn only_success_is_good_and_its_body_is_shown_in_one_short_line(
            status in 200_u16..600, body in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n\r\n");
            let answer = answer_to([head.into_bytes(), body].concat());
            prop_assert_eq!(answer.is_good(), status < 300, "{:?}", answer);
            if let Answer::Status { body, .. } = &answer {
                let control = body.contains(['\n', '\u{1b}', '\0']);
                prop_assert!(!control && body.len() <= 3 * HEARD);
            }
        }
    }
}
