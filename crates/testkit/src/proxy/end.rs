//! One end of a connection, whatever it is made of.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Where the wire leads.
#[derive(Debug, Clone)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Where the wire begins.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection's end.
#[derive(Debug)]
pub(super) enum End {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Address {
    pub(super) async fn connect(&self) -> io::Result<End> {
        match self {
            Self::Tcp(address) => TcpStream::connect(address).await.map(End::of),
            Self::Unix(path) => UnixStream::connect(path).await.map(End::Unix),
        }
    }
}

impl Listener {
    pub(super) async fn accept(&self) -> io::Result<End> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| End::of(stream)),
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| End::Unix(stream)),
        }
    }
}

impl End {
    fn of(stream: TcpStream) -> Self {
        // It is only slower without.
        drop(stream.set_nodelay(true));
        Self::Tcp(stream)
    }

    /// Ends the connection at once; what is under way is lost.
    pub(super) fn reset(self) {
        if let Self::Tcp(stream) = self {
            // One that is gone already needs no reset.
            drop(stream.set_zero_linger());
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
