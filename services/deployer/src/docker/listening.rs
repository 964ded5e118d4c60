//! On which addresses a container listens, read from the kernel's tables. Pure but for reading them.

use super::{Engine, InstanceFacts};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Docker answers names here in every container of a private network.
const DOCKER_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// `TCP_LISTEN` in the kernel's tables.
const LISTEN: &str = "0A";

/// An address on which something accepts connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// The address; unspecified means all.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
}

impl Listener {
    /// Whether it is reached from inside the container alone.
    pub fn is_loopback(&self) -> bool {
        self.ip.to_canonical().is_loopback()
    }
}

/// The listeners in `/proc/net/tcp` or `/proc/net/tcp6`, sorted; lines that are something else are nothing.
pub fn parse(table: &str) -> Vec<Listener> {
    let mut listeners: Vec<_> = table.lines().filter_map(listener).collect();
    listeners.retain(|listener| listener.ip != DOCKER_DNS);
    listeners.sort_unstable();
    listeners.dedup();
    listeners
}

/// `sl local_address rem_address st ...`
fn listener(line: &str) -> Option<Listener> {
    let mut fields = line.split_ascii_whitespace();
    let (local, state) = (fields.nth(1)?, fields.nth(1)?);
    let (ip, port) = local.split_once(':')?;
    let listener = Listener { ip: address(ip)?, port: u16::from_str_radix(port, 16).ok()? };
    (state == LISTEN).then_some(listener)
}

/// Words of 32 bits as the machine stores them, in hexadecimal.
fn address(hex: &str) -> Option<IpAddr> {
    let bytes = hex::decode(hex).ok()?;
    let word = |word: &[u8]| -> Option<[u8; 4]> {
        Some(u32::from_be_bytes(word.try_into().ok()?).to_le_bytes())
    };
    match bytes.len() {
        4 => Some(IpAddr::from(word(&bytes)?)),
        16 => {
            let words: Option<Vec<[u8; 4]>> = bytes.chunks(4).map(word).collect();
            let bytes: [u8; 16] = words?.concat().try_into().ok()?;
            Some(IpAddr::V6(Ipv6Addr::from(bytes)))
        }
        _ => None,
    }
}

impl Engine {
    /// On which addresses the container listens; `None` when that cannot be seen.
    pub async fn listening(&self, facts: &InstanceFacts) -> Option<Vec<Listener>> {
        let pid = facts.pid?;
        let read = |file| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
        // Elsewhere, or inside another container, the number is some other process: its control group tells.
        if read("cgroup").is_ok_and(|group| group.contains(&facts.container_id))
            && let Ok(table) = read("net/tcp")
        {
            return Some(parse(&(table + &read("net/tcp6").unwrap_or_default())));
        }
        let command = ["cat", "/proc/net/tcp", "/proc/net/tcp6"].map(str::to_owned);
        let asked = self.exec(&facts.container_id, &command, Duration::from_secs(5)).await.ok()?;
        asked.output.contains("local_address").then(|| parse(&asked.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A2B5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 25083
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 25084
   2: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 25085
   3: 020012AC:1F40 010012AC:C350 01 00000000:00000000 00:00000000 00000000     0        0 25086
";

    #[test]
    fn only_what_listens_is_found_and_not_dockers_own() {
        let found: Vec<_> = parse(TABLE).iter().map(|l| (l.ip.to_string(), l.port)).collect();
        assert_eq!(found, [("0.0.0.0".to_owned(), 8000), ("127.0.0.1".to_owned(), 8080)]);
    }

    #[test]
    fn version_six_is_read_too() {
        let line = |ip| format!("0: {ip}:1F90 {}:0000 0A", "0".repeat(32));
        let one = parse(&line("00000000000000000000000001000000"));
        assert_eq!(one[0].ip, IpAddr::V6(Ipv6Addr::LOCALHOST));
        assert!(one[0].is_loopback());
        let mapped = parse(&line("0000000000000000FFFF00000100007F"));
        assert!(mapped[0].is_loopback(), "{mapped:?}");
        assert!(!parse(&line(&"0".repeat(32)))[0].is_loopback());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in ".{0,400}") {
            prop_assert!(parse(&text).len() <= text.lines().count());
        }

        #[test]
        fn any_listener_is_found(octets: [u8; 4], port: u16) {
            let ip = IpAddr::from(octets);
            prop_assume!(ip != DOCKER_DNS);
            let word = u32::from_le_bytes(octets);
            let table = format!("  12: {word:08X}:{port:04X} 00000000:0000 0A 0:0 00:0 0");
            prop_assert_eq!(parse(&table), [Listener { ip, port }]);
        }
    }
}
