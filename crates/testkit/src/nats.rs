//! A NATS server of its own for every world, that can be killed, restarted, and wiped.

use crate::{Loopback, SmallDisk, awaited};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a server may take to accept connections.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running `nats-server` with `JetStream`, flushed after every message; ended when this is dropped.
#[derive(Debug)]
pub struct Nats {
    program: PathBuf,
    address: SocketAddr,
    // In this order: the disk lies over the folder.
    disk: Option<SmallDisk>,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Nats {
    /// Starts a server on `host`.
    pub fn start(program: &Path, host: Loopback) -> Self {
        Self::with(program, host, None)
    }

    /// Starts a server on `host` that stores on a disk with room for `mebibytes`.
    pub fn on_small_disk(program: &Path, host: Loopback, mebibytes: u32) -> Self {
        Self::with(program, host, Some(mebibytes))
    }

    fn with(program: &Path, host: Loopback, mebibytes: Option<u32>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the store");
        let disk = mebibytes.map(|mebibytes| SmallDisk::over(folder.path(), mebibytes));
        let (program, address) = (program.to_owned(), host.port(4222));
        let mut nats = Self { program, address, disk, folder, child: None };
        nats.resume();
        nats
    }

    /// The disk of its store.
    pub fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("a server on a small disk")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Starts it again after [`Nats::kill`]; waits until it accepts connections.
    pub fn resume(&mut self) {
        let store = self.folder.path().join("store");
        let config = format!(
            "listen: \"{}\"\njetstream {{\n  store_dir: \"{}\"\n  sync_interval: always\n  max_file_store: 8GB\n}}\n",
            self.address,
            store.display()
        );
        let path = self.folder.path().join("nats.conf");
        std::fs::write(&path, config).expect("a configuration");
        let child = Command::new(&self.program)
            .arg("-c")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server starts");
        self.child = Some(child);
        let complaint = || format!("nats-server does not listen on {}", self.address);
        awaited(PATIENCE, complaint, || std::net::TcpStream::connect(self.address).is_ok());
    }

    /// SIGKILL, as a power failure of the process.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }

    /// Everything it stored is lost. Only while it does not run.
    pub fn wipe(&mut self) {
        assert!(self.child.is_none(), "a running server keeps its store");
        std::fs::remove_dir_all(self.folder.path().join("store")).expect("the store goes");
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
