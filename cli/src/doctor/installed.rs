//! Programs that `slipway up` starts, and those that services use.

use super::Finding;
use crate::up::{self, NATS_MINIMUM, Programs, SERVICES};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed and what is missing.
pub(super) fn programs() -> Vec<Finding> {
    let found = up::find();
    vec![git(&found), postgres(&found), nats(&found), registry(&found), services(&found)]
}

/// The first line that a program says about its version.
fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    said.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

/// The builder needs `git archive --add-virtual-file`, of git 2.37.
fn git(found: &Programs) -> Finding {
    let advice = "apt-get install git";
    let Some(program) = found.tool("git") else {
        return Finding::fail("git", "not installed", advice);
    };
    let seen = version(&program);
    let numbers = seen.rsplit(' ').next().unwrap_or_default().split('.');
    let numbers: Vec<u32> = numbers.filter_map(|number| number.parse().ok()).collect();
    match numbers.as_slice() {
        [major, minor, ..] if (*major, *minor) >= (2, 37) => Finding::ok("git", seen),
        _ => Finding::warn("git", seen, "install git 2.37 or newer"),
    }
}

/// Whether the caller runs this part without us.
fn is_given(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn found(name: &'static str, given: &str, path: Result<PathBuf, up::Error>) -> Finding {
    if is_given(given) {
        return Finding::ok(name, format!("yours, of {given}"));
    }
    match path {
        Ok(path) => Finding::ok(name, path.display().to_string()),
        Err(error) => Finding::fail(name, error.to_string(), format!("or set {given} to yours")),
    }
}

fn postgres(programs: &Programs) -> Finding {
    found("Postgres", "SLIPWAY_DATABASE_URL", programs.postgres(None))
}

fn registry(programs: &Programs) -> Finding {
    found("registry", "SLIPWAY_REGISTRY", programs.registry())
}

fn nats(programs: &Programs) -> Finding {
    let (major, minor) = NATS_MINIMUM;
    let mut finding = found("NATS", "SLIPWAY_NATS_URL", programs.nats());
    if let Some(version) = up::nats_version(Path::new(&finding.seen)) {
        finding.seen = format!("{} ({version}, {major}.{minor} is needed)", finding.seen);
    }
    finding
}

fn services(programs: &Programs) -> Finding {
    let missing: Vec<_> =
        SERVICES.into_iter().filter(|name| programs.service(name).is_err()).collect();
    if missing.is_empty() {
        return Finding::ok("services", "all five are installed");
    }
    let seen = format!("not installed: {}", missing.join(", "));
    Finding::fail("services", seen, "they belong beside the program slipway; install it again")
}
