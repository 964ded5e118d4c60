//! A process, known by its id, when it started and since which boot, so that another process that got the
//! same id later is never taken for it.

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// One process that ran at some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) pid: i32,
    /// Clock ticks from boot to its start.
    start_ticks: u64,
    /// The boot.
    boot_id: String,
}

impl Process {
    /// The process that has this id now.
    pub(crate) fn running(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let start_ticks = start_of_living(&stat)?;
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self { pid, start_ticks, boot_id: boot_id.trim().to_owned() })
    }

    /// This process.
    pub(crate) fn current() -> Option<Self> {
        Self::running(nix::unistd::getpid().as_raw())
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        Self::running(self.pid).as_ref() == Some(self)
    }

    /// Sends it a signal, if it still runs.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_alive() {
            // It may have ended in between, which is as good.
            let _gone = kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// Kills everything in the process group it leads.
    pub(crate) fn kill_group(&self) {
        let _gone = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
    }
}

/// Field 22 of a process that is not a zombie. The name in field 2 may hold anything, also brackets.
fn start_of_living(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let current = Process::current().expect("this process runs");
        assert!(current.is_alive());
        let other = Process { start_ticks: current.start_ticks + 1, ..current };
        assert!(!other.is_alive());
    }

    #[test]
    fn any_name_may_stand_before_the_fields() {
        let rest = "S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 4242 1 1";
        assert_eq!(start_of_living(&format!("7 (a) b)) {rest}")), Some(4242));
        assert_eq!(start_of_living(&format!("7 (a) {}", rest.replace('S', "Z"))), None);
        assert_eq!(start_of_living("garbage"), None);
    }
}
