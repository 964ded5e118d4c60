//! What only the administrator of the machine may do.

use nix::unistd::Uid;
use std::process::{Command, Stdio};

/// `program` as root: as it is where the tests are, else by `sudo`, which does not ask.
pub(crate) fn as_root(program: &str) -> Command {
    let mut command = if Uid::effective().is_root() {
        Command::new(program)
    } else {
        let mut command = Command::new("sudo");
        command.args(["--non-interactive", program]);
        command
    };
    command.stdin(Stdio::null());
    command
}

/// Runs it; panics with its complaint.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().expect("the program is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
}
