//! A machine on which nothing runs yet, and what one can see on it.

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::Value;
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long something may take to come about.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often one looks.
const LOOK: Duration = Duration::from_millis(20);

/// The ports of a platform without an offset.
const PORTS: std::ops::Range<u32> = 8800..8820;
/// So many machines find ports of their own below those that the kernel deals out.
const MACHINES: u32 = 1100;

/// A machine with a data directory of its own; what runs on it ends with it.
pub(crate) struct Machine {
    directory: TempDir,
    port_offset: u32,
    /// While this is here, no other machine has its ports.
    _ports: TcpListener,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.slipway(&["down"]);
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let everybody = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(directory.path(), everybody).expect("ours");
        let (port_offset, ports) = unused_ports();
        Self { directory, port_offset, _ports: ports }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Runs `slipway`; `up` starts only what is not ours.
    pub(crate) fn slipway(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        if arguments == ["up"] {
            command.args(["--only", "infrastructure"]);
            command.arg(format!("--port-offset={}", self.port_offset));
        }
        Ended::of(&mut command)
    }

    /// Runs `script` as a service does.
    pub(crate) fn sql(&self, service: &str, script: &str) -> Ended {
        let url = self.data().join(format!("secrets/database-url-{service}"));
        let url = std::fs::read_to_string(url).expect("the address of the database");
        let arguments = ["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", script, &url];
        Ended::of(Command::new("psql").args(arguments))
    }

    /// Writes a file and says where.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).expect("written");
        path.display().to_string()
    }

    fn state(&self) -> Value {
        let text = std::fs::read(self.data().join("up.json")).expect("the platform runs");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn program(&self, name: &str) -> Value {
        let state = self.state();
        let programs = state["programs"].as_array().expect("programs");
        programs.iter().find(|program| program["name"] == name).expect("kept running").clone()
    }

    pub(crate) fn supervisor(&self) -> i32 {
        pid(&self.state()["supervisor"])
    }

    /// The process of a program; 0 while it has none.
    pub(crate) fn pid(&self, name: &str) -> i32 {
        pid(&self.program(name)["process"])
    }

    pub(crate) fn pids(&self) -> Vec<i32> {
        let state = self.state();
        let programs = state["programs"].as_array().expect("programs");
        let programs = programs.iter().map(|program| pid(&program["process"]));
        programs.chain([self.supervisor()]).collect()
    }

    pub(crate) fn restarts(&self, name: &str) -> u64 {
        self.program(name)["restarts"].as_u64().expect("a number")
    }

    pub(crate) fn addresses(&self) -> Value {
        self.state()["addresses"].clone()
    }

    /// Waits until something is so.
    #[expect(clippy::disallowed_methods, reason = "this thread has nothing else to do")]
    pub(crate) fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "it did not come about within {PATIENCE:?}");
            std::thread::sleep(LOOK);
        }
    }
}

/// An offset that no machine beside this one has, and what keeps it so: an address where nothing else listens.
fn unused_ports() -> (u32, TcpListener) {
    let first = std::process::id() % MACHINES;
    let mut offsets = (first..first + MACHINES).map(|it| 1100 + it % MACHINES * 20);
    let listen = |host: [u8; 4], port: u32| {
        TcpListener::bind((IpAddr::from(host), u16::try_from(port).expect("below 32000"))).ok()
    };
    let free = offsets.find_map(|offset| {
        let held = listen([127, 0, 0, 2], offset)?;
        let mut ports = PORTS.map(|port| port + offset);
        // What all tests talk to may be there.
        ports.all(|port| listen([127, 0, 0, 1], port).is_some()).then_some((offset, held))
    });
    free.expect("there are not so many machines")
}

/// Ends a process without asking.
pub(crate) fn kill(pid: i32) {
    signal::kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
}

fn pid(process: &Value) -> i32 {
    process["pid"].as_i64().and_then(|pid| pid.try_into().ok()).unwrap_or(0)
}

/// Whether a process runs; one that ended and was not yet collected does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    status.is_ok_and(|status| !status.rsplit(") ").next().unwrap_or("Z").starts_with('Z'))
}

/// How a program ended.
pub(crate) struct Ended {
    status: Option<i32>,
    output: String,
    complaints: String,
}

impl Ended {
    fn of(command: &mut Command) -> Self {
        let output = command.output().expect("it can be run");
        Self {
            status: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    #[track_caller]
    pub(crate) fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}{}", self.output, self.complaints);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.output.contains(part), "{part:?} is not in {:?}", self.output);
        self
    }

    #[track_caller]
    pub(crate) fn complains(self, part: &str) -> Self {
        assert!(self.complaints.contains(part), "{part:?} is not in {:?}", self.complaints);
        self
    }
}
