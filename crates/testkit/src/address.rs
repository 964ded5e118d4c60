//! An address of its own for every world, so that ports can be fixed and never clash.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};

static WORLDS: AtomicU8 = AtomicU8::new(0);

/// A loopback address that nobody else on this machine uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loopback(Ipv4Addr);

impl Loopback {
    /// An address made of the process id and a count, outside 127.0.0.0/16.
    pub fn unused() -> Self {
        let pid = std::process::id();
        let world = WORLDS.fetch_add(1, Ordering::Relaxed);
        let [_, more, high, low] = pid.to_be_bytes();
        // The count goes into the second part, 1 to 250, and so do ids of large machines. Linux has every address below 127
        // but the first and the last.
        let second = 1 + more.wrapping_mul(4).wrapping_add(world) % 250;
        Self(Ipv4Addr::new(127, second, high, low))
    }

    /// This address with `port`.
    pub fn port(self, port: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.0), port)
    }
}

impl std::fmt::Display for Loopback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
