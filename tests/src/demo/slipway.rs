//! The `slipway` program, run as an engineer runs it.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;

/// Settings of the caller that are for `slipway` wherever it runs; all others would point it elsewhere.
const KEPT: [&str; 1] = ["SLIPWAY_NATS_SERVER"];

/// The program with the data folder it works on.
#[derive(Debug, Clone)]
pub(super) struct Slipway {
    program: PathBuf,
    data: PathBuf,
    /// For the platform that it starts.
    settings: Vec<(&'static str, String)>,
}

impl Slipway {
    /// The program that was built together with this one.
    pub(super) fn on(data: &Path) -> Result<Self> {
        let own = std::env::current_exe().context("find this program")?;
        let program = own.with_file_name("slipway");
        if !program.is_file() {
            bail!("{} is not there; build it with `cargo build --bins`", program.display());
        }
        Ok(Self { program, data: data.to_owned(), settings: Vec::new() })
    }

    /// The same with settings for the platform that it starts.
    pub(super) fn with(self, settings: Vec<(&'static str, String)>) -> Self {
        Self { settings, ..self }
    }

    /// Where the program is.
    pub(super) fn path(&self) -> std::path::Display<'_> {
        self.program.display()
    }

    /// What the program prints as JSON.
    pub(super) async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.run(&[arguments, &["--output", "json"]].concat()).await?;
        serde_json::from_str(&said).with_context(|| format!("slipway {arguments:?} prints no JSON"))
    }

    /// What the program prints as JSON, also when what it found is bad.
    pub(super) async fn said(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.output(&[arguments, &["--output", "json"]].concat()).await?;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("slipway {arguments:?} prints no JSON"))
    }

    /// What the program prints; its complaint when it fails.
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments).await?;
        if !output.status.success() {
            let complaint = complaint(&String::from_utf8_lossy(&output.stderr));
            bail!("`slipway {}` failed: {complaint}", arguments.join(" "));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn output(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("SLIPWAY_") && !KEPT.contains(&&*name) {
                command.env_remove(&*name);
            }
        }
        command.env("SLIPWAY_DATA", &self.data).env("SLIPWAY_ALLOW_LOCAL_REPOSITORIES", &self.data);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(arguments).output().await.context("start slipway")
    }
}

/// What a program that fails says to people, also when it says it as JSON.
fn complaint(said: &str) -> String {
    let message = serde_json::from_str::<Value>(said).ok().and_then(|said| {
        let message = said["error"]["message"].as_str();
        message.map(str::to_owned)
    });
    message.unwrap_or_else(|| said.trim().to_owned())
}
