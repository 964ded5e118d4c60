//! A Postgres cluster of its own, for stories in which Postgres goes away.

use crate::{Loopback, awaited};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a server may take to accept connections, recovery included.
const PATIENCE: Duration = Duration::from_mins(3);
/// Where Debian puts servers.
const PROGRAMS: &str = "/usr/lib/postgresql";

/// A running cluster; ended when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    address: SocketAddr,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Postgres {
    /// Makes and starts a cluster on `host`. What it says is durable is so.
    pub fn start(host: Loopback) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the cluster");
        let mut cluster =
            Self { programs: newest(), address: host.port(5432), folder, child: None };
        if Uid::effective().is_root() {
            let given = Command::new("chown").arg("postgres").arg(cluster.folder.path()).status();
            assert!(given.is_ok_and(|status| status.success()), "the folder is the server's");
        }
        let made = cluster
            .command("initdb")
            .args(["--username=slipway", "--auth=trust", "--encoding=UTF8", "--no-sync"])
            .arg("--pgdata")
            .arg(cluster.data())
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        cluster.resume();
        cluster
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A database of it.
    pub fn url(&self) -> String {
        format!("postgres://slipway@{}/postgres", self.address)
    }

    /// Starts it again; waits until it accepts connections.
    pub fn resume(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        let settings = [
            format!("listen_addresses={}", self.address.ip()),
            format!("port={}", self.address.port()),
            format!("unix_socket_directories={}", self.folder.path().display()),
            "max_connections=200".to_owned(),
        ];
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.expect("postgres starts"));
        let complaint = || format!("no Postgres listens on {}", self.address);
        awaited(PATIENCE, complaint, || self.is_ready());
    }

    fn is_ready(&self) -> bool {
        let host = self.address.ip().to_string();
        let port = self.address.port().to_string();
        let mut asked = Command::new(self.programs.join("pg_isready"));
        asked.args(["--quiet", "--host", &host, "--port", &port]);
        asked.status().expect("pg_isready runs").success()
    }

    /// As a power failure of the server: nothing is finished, the next start recovers.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // SIGQUIT takes the backends along; after SIGKILL they would keep the shared memory for a while.
            let pid = Pid::from_raw(child.id().try_into().expect("an id of a process"));
            kill(pid, Signal::SIGQUIT).expect("it can be killed");
            child.wait().expect("it ends");
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server; it refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if Uid::effective().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.stdin(Stdio::null()).current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

fn newest() -> PathBuf {
    let versions = std::fs::read_dir(PROGRAMS).expect("Postgres is installed");
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = versions.flatten().map(|entry| entry.path());
    versions.max_by_key(|path| version(path)).expect("Postgres is installed").join("bin")
}
