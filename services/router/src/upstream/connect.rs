//! Opens a connection to an instance.

use crate::table::Address;
use hyper_util::rt::TokioIo;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// No connection could be opened.
#[derive(Debug, thiserror::Error)]
#[error("connecting to {0}")]
pub(crate) struct Unreachable(String, #[source] io::Error);

impl Unreachable {
    /// It does not speak the protocol.
    pub(crate) fn handshake(address: &Address, error: hyper::Error) -> Self {
        Self(address.as_str().to_owned(), io::Error::other(error))
    }
}

pub(crate) async fn connect(
    address: &Address,
    limit: Duration,
) -> Result<TokioIo<TcpStream>, Unreachable> {
    let opened = tokio::time::timeout(limit, open(address)).await;
    let stream = opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    stream.map(TokioIo::new).map_err(|error| Unreachable(address.as_str().to_owned(), error))
}

async fn open(address: &Address) -> io::Result<TcpStream> {
    let stream = match address.socket() {
        Some(socket) => TcpStream::connect(socket).await?,
        None => TcpStream::connect(address.as_str()).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}
