//! Where the engine listens.

use std::path::PathBuf;
use tokio::net::{TcpStream, UnixStream};
use tokio_util::either::Either;

/// The engine's usual place on Linux.
pub const DEFAULT: &str = "unix:///var/run/docker.sock";

/// An address of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A socket file.
    Unix(PathBuf),
    /// A host and port without TLS.
    Tcp(String),
}

/// Not an address of an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address of an engine: use unix:///PATH or tcp://HOST:PORT")]
pub struct InvalidHost(String);

/// An open connection.
pub type Connection = Either<UnixStream, TcpStream>;

impl Host {
    /// The address in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        match (text.strip_prefix("unix://"), text.strip_prefix("tcp://")) {
            (Some(path), _) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            (_, Some(address)) if address.contains(':') => {
                Ok(Self::Tcp(address.trim_end_matches('/').to_owned()))
            }
            _ => Err(InvalidHost(text.chars().take(200).collect())),
        }
    }

    /// A connection of its own, for what the client library cannot do.
    pub async fn connect(&self) -> std::io::Result<Connection> {
        match self {
            Self::Unix(path) => UnixStream::connect(path).await.map(Either::Left),
            Self::Tcp(address) => TcpStream::connect(address).await.map(Either::Right),
        }
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_ports_parse() {
        assert_eq!(Host::parse(DEFAULT), Ok(Host::Unix("/var/run/docker.sock".into())));
        assert_eq!(Host::parse("tcp://10.0.0.1:2375/"), Ok(Host::Tcp("10.0.0.1:2375".to_owned())));
        for bad in ["", "docker.sock", "unix://docker.sock", "ssh://host", "tcp://host"] {
            assert!(Host::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
