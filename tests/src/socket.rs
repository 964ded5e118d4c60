//! A WebSocket of a user, through the router.

use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// An answer comes, or the connection ends, within this.
const PATIENCE: Duration = Duration::from_mins(3);

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one at `path` of `host`, by the router at `address`.
    pub async fn open(address: SocketAddr, host: &str, path: &str) -> Self {
        let connection = TcpStream::connect(address).await.expect("the router listens");
        let opened = timeout(PATIENCE, client_async(format!("ws://{host}{path}"), connection));
        let (socket, _) = opened.await.expect("in time").expect("the app switches protocols");
        Self(socket)
    }

    /// Says `text`; what comes back.
    pub async fn ask(&mut self, text: &str) -> String {
        self.0.send(Message::text(text)).await.expect("the socket is open");
        let answer = timeout(PATIENCE, self.0.next()).await.expect("in time");
        let answer = answer.expect("the socket is open").expect("a message");
        answer.into_text().expect("it is text").to_string()
    }

    /// Waits until the app closes it: the code it gave, or nothing when the connection just broke off.
    pub async fn closed(mut self) -> Option<u16> {
        let last = timeout(PATIENCE, self.0.next()).await.expect("it is closed in time");
        match last {
            Some(Ok(Message::Close(Some(frame)))) => Some(frame.code.into()),
            _ => None,
        }
    }
}
