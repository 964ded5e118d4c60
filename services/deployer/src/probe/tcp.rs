//! One attempt to connect.

use super::Answer;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

pub(super) async fn ask(address: SocketAddr, limit: Duration) -> Answer {
    connect(address, limit).await.map_or_else(|answer| answer, |_| Answer::Connected)
}

pub(super) async fn connect(address: SocketAddr, limit: Duration) -> Result<TcpStream, Answer> {
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(failed(&error, limit)),
        Err(_) => Err(Answer::Unreachable(limit)),
    }
}

fn failed(error: &io::Error, limit: Duration) -> Answer {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, TimedOut};
    let kind = error.kind();
    if kind == ConnectionRefused {
        Answer::Refused
    } else if matches!(kind, ConnectionReset | ConnectionAborted) {
        Answer::Reset
    } else if kind == TimedOut {
        Answer::Unreachable(limit)
    } else {
        Answer::Unasked(error.to_string())
    }
}
