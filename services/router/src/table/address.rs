//! Where an instance listens.

use std::net::SocketAddr;

/// `host:port`. An IP address is parsed once, a name is resolved when a connection is opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    socket: Option<SocketAddr>,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("address {0:?} is not valid: use host:port")]
pub struct InvalidAddress(String);

impl Address {
    /// Parses `host:port`.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(text.chars().take(200).collect());
        let socket: Option<SocketAddr> = text.parse().ok();
        if socket.is_none() {
            let (host, port) = text.rsplit_once(':').ok_or_else(invalid)?;
            let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if host.is_empty() || host.len() > 253 || !named || port.parse::<u16>().is_err() {
                return Err(invalid());
            }
        }
        if text.rsplit(':').next() == Some("0") {
            return Err(invalid());
        }
        Ok(Self { text: text.to_owned(), socket })
    }

    /// The address, when it needs no resolving.
    pub fn socket(&self) -> Option<SocketAddr> {
        self.socket
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
