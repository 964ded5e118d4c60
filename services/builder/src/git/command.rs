//! Runs the `git` program: no shell, nothing of our environment but what is named here, no prompts, no
//! hooks, no configuration of the machine, a deadline, and no process left when the caller goes away.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;

/// What git may see of our environment: where programs are, and how to reach the outside.
const PASSED_ON: &[&str] = &[
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
/// Settings that hold for every call.
const SETTINGS: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.version", "2"),
    ("safe.directory", "*"),
    ("transfer.fsckObjects", "false"),
];
/// How long git may take to tidy up when it is not wanted any more.
const GOODBYE: Duration = Duration::from_secs(2);
/// As much of what git says on failure as is kept.
const COMPLAINT: usize = 4096;

/// How git ended otherwise than well.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program is not there.
    #[error("starting git {verb}")]
    Start {
        /// The git command.
        verb: String,
        /// Why.
        source: std::io::Error,
    },
    /// It said no.
    #[error("git {verb} failed: {complaint}")]
    Failed {
        /// The git command.
        verb: String,
        /// The last of what it wrote to stderr.
        complaint: String,
    },
    /// It took too long and was ended.
    #[error("git {verb} did not end within {} s", .limit.as_secs())]
    Timeout {
        /// The git command.
        verb: String,
        /// How long it had.
        limit: Duration,
    },
}

/// One call of git, being put together.
#[derive(Debug)]
pub struct Git {
    verb: String,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    settings: Vec<(String, String)>,
}

impl Git {
    /// `git <verb>` in the bare repository at `directory`.
    pub fn new(directory: &Path, verb: &str) -> Self {
        let mut args = vec![OsString::from("--git-dir"), directory.into()];
        args.push(verb.into());
        let settings =
            SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { verb: verb.to_owned(), args, env: Vec::new(), settings: settings.collect() }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// One more variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// One more setting; it travels in the environment, which other users cannot read.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What git writes to stdout, once it ended well.
    pub async fn output(self, limit: Duration) -> Result<Vec<u8>, GitError> {
        self.answer(&[], limit).await
    }

    /// The same, with `input` on stdin.
    pub async fn answer(self, input: &[u8], limit: Duration) -> Result<Vec<u8>, GitError> {
        let verb = self.verb.clone();
        let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
        let running = self.spawn(stdin)?;
        let timeout = GitError::Timeout { verb: verb.clone(), limit };
        let finish = running.finish(input);
        let output = tokio::time::timeout(limit, finish).await.map_err(|_elapsed| timeout)?;
        let output = output.map_err(|source| GitError::Start { verb: verb.clone(), source })?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(GitError::Failed { verb, complaint: complaint(&output.stderr) })
        }
    }

    /// Git running, with pipes on all three sides.
    pub fn spawn(self, stdin: Stdio) -> Result<Running, GitError> {
        let mut command = Command::new("git");
        command.env_clear().args(&self.args).stdin(stdin);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", "/nonexistent").env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        for (index, (name, value)) in self.settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command.envs(self.env);
        let verb = self.verb;
        let child = command.spawn().map_err(|source| GitError::Start { verb, source })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Ok(Running { child: Some(child), group })
    }
}

/// A git that runs. Dropping it ends it and everything it started.
#[derive(Debug)]
pub struct Running {
    child: Option<Child>,
    group: Option<Pid>,
}

impl Running {
    /// The pipes to and from it.
    pub fn pipes(&mut self) -> Option<(ChildStdin, ChildStdout)> {
        let child = self.child.as_mut()?;
        Some((child.stdin.take()?, child.stdout.take()?))
    }

    async fn finish(mut self, input: &[u8]) -> std::io::Result<Output> {
        let child = self.child.as_mut().ok_or(std::io::ErrorKind::NotFound)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (status, (), stdout, stderr) = tokio::try_join!(
            child.wait(),
            write_all(stdin, input),
            read_all(stdout),
            read_all(stderr)
        )?;
        self.child = None;
        Ok(Output { status, stdout, stderr })
    }
}

async fn write_all(pipe: Option<ChildStdin>, input: &[u8]) -> std::io::Result<()> {
    if let Some(mut pipe) = pipe {
        // A git that ended early says why by its status.
        let _unread = pipe.write_all(input).await;
    }
    Ok(())
}

async fn read_all(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut read).await?;
    }
    Ok(read)
}

impl Drop for Running {
    /// Git removes its lock files on SIGTERM; what does not go by then is killed. The process is not
    /// reaped before, so that its number cannot belong to anybody else.
    fn drop(&mut self) {
        let (Some(mut child), Some(group)) = (self.child.take(), self.group) else { return };
        let _gone_already = killpg(group, Signal::SIGTERM);
        let end = async move {
            if tokio::time::timeout(GOODBYE, child.wait()).await.is_err() {
                let _gone_already = killpg(group, Signal::SIGKILL);
                let _reaped = child.wait().await;
            }
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(end);
        }
    }
}

fn complaint(stderr: &[u8]) -> String {
    let start = stderr.len().saturating_sub(COMPLAINT);
    String::from_utf8_lossy(&stderr[start..]).trim().replace('\n', "; ")
}

/// A bare repository with nothing in it, unless there is one.
pub async fn init_bare(directory: &Path, limit: Duration) -> Result<(), GitError> {
    let arg = PathBuf::from(directory);
    Git::new(directory, "init").arg("--bare").arg("--quiet").arg(arg).output(limit).await.map(drop)
}
