//! Runs `git ls-remote`: nothing of our environment but what is named here, and no process left behind.

use super::{Credentials, Remote};
use crate::repository::Repository;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// What git may see of our environment: where programs are, and how to reach the outside.
const PASSED_ON: [&str; 9] = [
    "PATH",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
];
/// How long a remote may take to list its refs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// As much of what git says on failure as is shown.
const COMPLAINT: usize = 400;

/// Why the refs of a repository are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    #[error("start git")]
    Start(#[source] std::io::Error),
    #[error("prepare the credentials of git")]
    Credentials(#[source] std::io::Error),
    #[error("{0}")]
    Refused(String),
    #[error("{address} did not list its refs within {} s", PATIENCE.as_secs())]
    Slow { address: String },
}

/// Where the refs of `repository` are now; `folder` is one of ours.
pub(crate) async fn look(
    repository: &Repository,
    credentials: &Credentials,
    folder: &Path,
) -> Result<Remote, GitError> {
    let prepared = credentials.prepare(repository, folder).map_err(GitError::Credentials)?;
    let mut command = Command::new("git");
    command.args(["ls-remote", "--symref", "--", repository.address()]);
    command.args(["HEAD", "refs/heads/*", "refs/tags/*"]);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true).current_dir(folder);
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", folder).env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_ALLOW_PROTOCOL", repository.protocol());
    command.envs(prepared.variables.iter().map(|(name, value)| (name, value)));
    // A local repository may belong to the user who pushes to it.
    let mut settings = vec![("safe.directory", "*"), ("http.followRedirects", "initial")];
    settings.extend(prepared.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    command.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (index, (name, value)) in settings.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{index}"), name);
        command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    let output = finish(command, repository).await?;
    if output.status.success() {
        Ok(Remote::parse(&String::from_utf8_lossy(&output.stdout)))
    } else {
        Err(GitError::Refused(complaint(&output.stderr)))
    }
}

async fn finish(mut command: Command, repository: &Repository) -> Result<Output, GitError> {
    let child = command.spawn().map_err(GitError::Start)?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .map_err(|_| GitError::Slow { address: repository.address().to_owned() })?
        .map_err(GitError::Start)?;
    group.0 = None;
    Ok(output)
}

/// A process group that ends with this value: git starts helpers of its own.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _gone_already = killpg(group, Signal::SIGKILL);
        }
    }
}

/// What git says is wrong, in one line.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let plain = |c: &char| !c.is_control();
    lines.join("; ").chars().filter(plain).take(COMPLAINT).collect()
}
