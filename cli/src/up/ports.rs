//! Ports: where the platform listens, whether it can, and who is in the way.

use super::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

/// The first port tried for Postgres, NATS and the registry; the services have those before it.
pub(super) const FIRST_OWN: u16 = 8810;

/// Where the services listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    /// Webhooks.
    pub(crate) hooks: u16,
    /// What clients ask.
    pub(crate) api: u16,
    /// Control of the router.
    pub(crate) router: u16,
    /// The builder.
    pub(crate) builder: u16,
    /// The deployer.
    pub(crate) deployer: u16,
    /// The monitor.
    pub(crate) monitor: u16,
    /// Requests of users.
    pub(crate) traffic: u16,
}

/// A port with what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What it is for.
    pub(crate) name: &'static str,
    /// Where to listen.
    pub(crate) address: SocketAddr,
}

impl Ports {
    /// The usual ports, each higher by `offset`.
    pub(crate) fn with_offset(offset: u16) -> Self {
        let at = |port: u16| port.saturating_add(offset);
        Self {
            hooks: at(8800),
            api: at(8801),
            router: at(8802),
            builder: at(8803),
            deployer: at(8804),
            monitor: at(8805),
            traffic: at(8080),
        }
    }

    /// Every port with its address; only traffic is open to other machines.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        let local = |name, port| Wanted { name, address: (Ipv4Addr::LOCALHOST, port).into() };
        vec![
            local("webhooks", self.hooks),
            local("the API", self.api),
            local("the router's control", self.router),
            local("the builder", self.builder),
            local("the deployer", self.deployer),
            local("the monitor", self.monitor),
            Wanted { name: "traffic", address: (Ipv4Addr::UNSPECIFIED, self.traffic).into() },
        ]
    }
}

impl Wanted {
    /// Checks that nobody listens there.
    pub(super) fn check(&self) -> Result<(), Error> {
        if is_free(self.address) {
            return Ok(());
        }
        let port = self.address.port();
        let holder = holder(port).map_or_else(String::new, |holder| format!(" by {holder}"));
        Err(Error::PortTaken { port, wanted: self.name.to_owned(), holder })
    }
}

/// Whether one can listen there.
pub(crate) fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}

/// The first free local port from `port` on.
pub(super) fn free_from(port: u16) -> Result<u16, Error> {
    let mut ports = port..=port.saturating_add(200);
    let free = ports.find(|port| is_free((Ipv4Addr::LOCALHOST, *port).into()));
    let wanted = "Postgres, NATS or the registry".to_owned();
    free.ok_or(Error::PortTaken { port, wanted, holder: " and so are the 200 after it".to_owned() })
}

/// Name and id of the process that listens on `port`, when it can be seen.
pub(crate) fn holder(port: u16) -> Option<String> {
    let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, port))
        .collect();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.into_iter().find(|pid| has_socket(*pid, &inodes))?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("{} (pid {pid})", name.trim()))
}

/// The sockets that listen on `port` in a table of `/proc/net`.
fn listeners(table: &str, port: u16) -> Vec<u64> {
    const LISTENS: &str = "0A";
    let local = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|row| row.get(1).is_some_and(|address| address.ends_with(&local)));
    let rows = rows.filter(|row| row.get(3) == Some(&LISTENS));
    rows.filter_map(|row| row.get(9)?.parse().ok()).collect()
}

fn has_socket(pid: u32, inodes: &[u64]) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let targets = files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
    targets
        .into_iter()
        .any(|target| inodes.iter().any(|inode| target == Path::new(&format!("socket:[{inode}]"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_port_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let error = Wanted { name: "traffic", address }.check().expect_err("taken").to_string();
        let pid = std::process::id();
        assert!(error.contains("wanted for traffic, is taken by"), "{error}");
        assert!(error.contains(&format!("(pid {pid})")), "{error}");
    }

    #[test]
    fn an_offset_moves_every_port() {
        let ports = |offset| Ports::with_offset(offset).wanted();
        let moved = ports(0).into_iter().zip(ports(100));
        assert!(moved.map(|(a, b)| b.address.port() - a.address.port()).all(|moved| moved == 100));
    }
}
