//! A Docker engine of its own, for stories in which the engine goes away. It stands beside the one that all share:
//! its own data, its own containerd, a bridge of its own, and no rules in the machine's firewall.

use crate::root::{as_root, run};
use crate::{SmallDisk, awaited};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long an engine may take to answer, or to stop.
const PATIENCE: Duration = Duration::from_mins(3);
/// Where the folders of engines lie: the set-up scripts remove what a killed test left, and paths to sockets must
/// be short.
const FOLDERS: &str = "/tmp";
const PREFIX: &str = "slipway-engine-";

/// A running `dockerd`; ended with all its containers when this is dropped.
#[derive(Debug)]
pub struct Engine {
    live_restore: bool,
    child: Option<Child>,
    // In this order: the disk lies over the folder.
    disk: Option<SmallDisk>,
    folder: tempfile::TempDir,
}

impl Engine {
    /// Starts an engine whose containers outlive it, or do not.
    pub fn start(live_restore: bool) -> Self {
        Self::with(live_restore, None)
    }

    /// Starts an engine whose data lie on a disk with room for `mebibytes`.
    pub fn on_small_disk(mebibytes: u32) -> Self {
        Self::with(false, Some(mebibytes))
    }

    fn with(live_restore: bool, mebibytes: Option<u32>) -> Self {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(FOLDERS);
        let folder = folder.expect("a folder for the engine");
        std::fs::write(folder.path().join("owner"), std::process::id().to_string())
            .expect("a mark");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder for the data");
        let disk = mebibytes.map(|mebibytes| SmallDisk::over(&data, mebibytes));
        let mut engine = Self { live_restore, child: None, disk, folder };
        engine.resume();
        engine
    }

    /// Its address, as `DOCKER_HOST` has it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// The disk of its data.
    pub fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("an engine on a small disk")
    }

    /// Starts it again; waits until it answers.
    pub fn resume(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(path("log"));
        let log = log.expect("a log");
        let mut command = as_root("dockerd");
        // Without a bridge, and where it starts again with pools of addresses, dockerd deletes `docker0`, which is
        // the other engine's. Networks get addresses that have no route on this machine.
        make_bridge();
        command.args(["--host", &self.host(), "--bridge", &bridge(), "--iptables=false"]);
        command.arg("--ip6tables=false");
        for (option, name) in
            [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")]
        {
            command.arg(option).arg(path(name));
        }
        if self.live_restore {
            command.arg("--live-restore");
        }
        let child = command.stdout(log.try_clone().expect("a log")).stderr(log).spawn();
        self.child = Some(child.expect("dockerd starts"));
        self.until("answer", |engine| engine.docker(&["version"]).is_some());
    }

    /// SIGTERM, awaited. What becomes of its containers was said at its start.
    pub fn stop(&mut self) {
        if let Some(pid) = self.pid() {
            // One that ended by itself is as gone as it should be.
            drop(as_root("kill").arg(pid).status());
        }
        self.gone();
    }

    /// SIGKILL: its containers go on without it until it is started again, whatever was said at its start.
    pub fn kill(&mut self) {
        let pid = self.pid().expect("it runs");
        let containerd = self.folder.path().join("exec/containerd/containerd.pid");
        let containerd = std::fs::read_to_string(containerd).unwrap_or_default();
        run(as_root("kill").args(["-KILL", &pid]));
        self.gone();
        // It dies with dockerd, but not at once; the next dockerd would take a dying one for one that works.
        let dying = Path::new("/proc").join(containerd.trim());
        let is_dead = || containerd.is_empty() || !dying.exists();
        awaited(PATIENCE, || "the containerd of dockerd does not die".to_owned(), is_dead);
    }

    fn pid(&self) -> Option<String> {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        (self.child.is_some() && !pid.is_empty()).then(|| pid.trim().to_owned())
    }

    fn gone(&mut self) {
        if let Some(mut child) = self.child.take() {
            let has_ended = || child.try_wait().expect("it is our child").is_some();
            awaited(PATIENCE, || "dockerd does not stop".to_owned(), has_ended);
        }
    }

    /// What the client prints, if it succeeds.
    fn docker(&self, arguments: &[&str]) -> Option<String> {
        let host = self.host();
        let mut command = Command::new("docker");
        let output = command.args(["--host", &host]).args(arguments).stdin(Stdio::null()).output();
        let output = output.expect("the docker client is installed");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let log = self.folder.path().join("log");
        let complaint = || format!("dockerd does not {what}:\n{}", tail(&log));
        awaited(PATIENCE, complaint, || {
            let ended =
                self.child.as_mut().is_none_or(|it| it.try_wait().is_ok_and(|e| e.is_some()));
            assert!(!ended, "{}", complaint());
            is_so(self)
        });
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.child.is_some() {
            let all = self.docker(&["ps", "--all", "--quiet"]).unwrap_or_default();
            for container in all.lines() {
                self.docker(&["rm", "--force", "--volumes", container]);
            }
            let networks = ["network", "ls", "--quiet", "--filter", "driver=bridge"];
            for network in self.docker(&networks).unwrap_or_default().lines() {
                self.docker(&["network", "rm", network]);
            }
        }
        self.stop();
        drop(as_root("ip").args(["link", "delete", &bridge()]).stderr(Stdio::null()).status());
        // What an engine leaves mounted, for containers that outlive it, may not keep the folder. A small disk goes by
        // itself.
        for folder in ["exec", "data"].iter().filter(|it| **it == "exec" || self.disk.is_none()) {
            let mut unmount = as_root("umount");
            unmount.args(["--lazy", "--recursive"]).arg(self.folder.path().join(folder));
            drop(unmount.stderr(Stdio::null()).status());
        }
    }
}

/// What containers without a network would be on; it may be there from before.
fn make_bridge() {
    let ip = |arguments: &[&str]| {
        drop(as_root("ip").args(arguments).stderr(Stdio::null()).status());
    };
    ip(&["link", "add", &bridge(), "type", "bridge"]);
    ip(&["address", "add", &gateway(), "dev", &bridge()]);
    ip(&["link", "set", &bridge(), "up"]);
}

/// Named after this process: tests run in processes of their own, and the set-up scripts find what a killed one left.
fn bridge() -> String {
    format!("slw{}", std::process::id())
}

fn gateway() -> String {
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("10.{}.{low}.1/24", 100 + high % 100)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
