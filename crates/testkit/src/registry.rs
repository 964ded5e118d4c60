//! A registry of its own, for stories in which the registry goes away.

use crate::{Loopback, awaited};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a registry may take to accept connections.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running `docker-registry`; ended when this is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    config: PathBuf,
    // Kept for its folder, which goes with it.
    _folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Registry {
    /// Starts a registry on `host`.
    pub fn start(host: Loopback) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the blobs");
        let address = host.port(5000);
        let config = folder.path().join("config.yml");
        // Without a cache section: with one, a deleted manifest stays known.
        let text = format!(
            "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: \"{}\" }}, delete: {{ enabled: true }} }}\n\
             http: {{ addr: \"{address}\", secret: story }}\n",
            folder.path().join("blobs").display()
        );
        std::fs::write(&config, text).expect("a configuration");
        let mut registry = Self { address, config, _folder: folder, child: None };
        registry.resume();
        registry
    }

    /// Its address, as images name it.
    pub fn name(&self) -> String {
        self.address.to_string()
    }

    /// Starts it again; waits until it accepts connections.
    pub fn resume(&mut self) {
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry starts");
        self.child = Some(child);
        let complaint = || format!("no registry listens on {}", self.address);
        awaited(PATIENCE, complaint, || TcpStream::connect(self.address).is_ok());
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
    }
}
