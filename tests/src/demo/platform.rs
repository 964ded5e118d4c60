//! The platform on this machine: begun anew for every demonstration, so that all of them are alike.

use super::slipway::Slipway;
use super::team::APP;
use super::tell;
use crate::Docker;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;
use testkit::GitHub;

/// Says that the folder may be emptied by the next demonstration.
const MARK: &str = "made-by-the-demo";
/// Where the engine listens when nothing else is said.
const ENGINE: &str = "unix:///var/run/docker.sock";

/// A running platform.
#[derive(Debug)]
pub(super) struct Platform {
    /// The program.
    pub(super) slipway: Slipway,
    /// Its data folder.
    pub(super) folder: PathBuf,
    /// What `slipway up` told.
    state: Value,
}

impl Platform {
    /// Ends the platform of an earlier demonstration and starts a new one.
    pub(super) async fn start(folder: &Path, github: &GitHub) -> Result<Self> {
        let slipway = Slipway::on(folder)?.with(told(github));
        if folder.exists() {
            clear(&slipway, folder).await?;
        }
        std::fs::create_dir_all(folder).context("make the data folder")?;
        std::fs::write(folder.join(MARK), "").context("mark the data folder")?;
        let begun = Instant::now();
        let state = slipway.json(&["up", "--detach"]).await?;
        let platform = Self { slipway, folder: folder.to_owned(), state };
        tell::platform(&platform, begun.elapsed());
        Ok(platform)
    }

    /// Where something answers, as `http://127.0.0.1:8801`.
    pub(super) fn url(&self, name: &str) -> &str {
        self.state["addresses"][name].as_str().unwrap_or_default()
    }

    /// The same without `http://`.
    pub(super) fn address(&self, name: &str) -> Result<SocketAddr> {
        let url = self.url(name);
        let address = url.trim_start_matches("http://").parse();
        address.with_context(|| format!("`slipway up` told no address of {name}, but {url:?}"))
    }

    /// Name, process and address of each program, in the order they were started.
    pub(super) fn programs(&self) -> Vec<(String, String, String)> {
        let told = self.state["programs"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let address =
            |name: &str| self.url(if name == "gateway" { "api" } else { name }).to_owned();
        let row = |program: &Value| {
            let name = text(&program["name"]);
            let address = address(&name);
            (name, program["process"]["pid"].to_string(), address)
        };
        told.iter().map(row).collect()
    }

    /// SIGKILL for one of the programs; whoever supervises them starts it again.
    pub(super) fn kill(&self, name: &str) -> Result<()> {
        let state = std::fs::read(self.folder.join("up.json")).context("read up.json")?;
        let state: Value = serde_json::from_slice(&state).context("read up.json")?;
        let programs = state["programs"].as_array().cloned().unwrap_or_default();
        let program = programs.iter().find(|program| program["name"] == name);
        let pid = program.and_then(|program| program["process"]["pid"].as_i64());
        let pid = pid.and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.with_context(|| format!("up.json names no process of {name}"))?;
        kill(Pid::from_raw(pid), Signal::SIGKILL).with_context(|| format!("kill {name}"))
    }

    /// The engine, seen through the labels of this platform.
    pub(super) fn docker(&self) -> Result<Docker> {
        docker(&settings(&self.folder)?.context("the platform has no settings.json")?)
    }

    /// The administrator's token.
    pub(super) fn token(&self) -> Result<String> {
        let path = self.folder.join("secrets/admin-token");
        let token = std::fs::read_to_string(path).context("read the administrator's token")?;
        Ok(token.trim().to_owned())
    }
}

/// So that this GitHub is told of the app.
fn told(github: &GitHub) -> Vec<(&'static str, String)> {
    vec![
        ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8".to_owned()),
        ("SLIPWAY_GITHUB_URL", github.url()),
        ("SLIPWAY_GITHUB_TOKEN", testkit::github::TOKEN.to_owned()),
        ("SLIPWAY_GITHUB_REPOSITORIES", format!("{APP}={}", testkit::github::REPOSITORY)),
    ]
}

/// Ends everything that an earlier demonstration left, and its data.
async fn clear(slipway: &Slipway, folder: &Path) -> Result<()> {
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if !is_empty && !folder.join(MARK).exists() {
        bail!("{} holds something that no demonstration made", folder.display());
    }
    slipway.run(&["down"]).await?;
    remove(folder)?;
    std::fs::remove_dir_all(folder).context("empty the data folder")
}

/// Ends the platform and the containers it runs; data stay.
pub(super) async fn stop(folder: &Path) -> Result<()> {
    if !folder.join(MARK).exists() {
        tell::line("no demonstration runs");
        return Ok(());
    }
    let said = Slipway::on(folder)?.run(&["down"]).await?;
    let removed = remove(folder)?;
    tell::stopped(&said, removed, folder);
    Ok(())
}

/// Stops and removes the containers, as many as it returns, networks and images of the platform in `folder`, and no
/// others. Volumes stay, and so does the registry, which has the images.
fn remove(folder: &Path) -> Result<usize> {
    let Some(settings) = settings(folder)? else { return Ok(0) };
    let docker = docker(&settings)?;
    let removed = docker.stop();
    let port = settings["registry_port"].as_u64().context("settings.json names no registry")?;
    docker.forget_images(&format!("127.0.0.1:{port}/"));
    Ok(removed)
}

fn settings(folder: &Path) -> Result<Option<Value>> {
    let Ok(settings) = std::fs::read(folder.join("settings.json")) else { return Ok(None) };
    serde_json::from_slice(&settings).map(Some).context("read settings.json")
}

fn docker(settings: &Value) -> Result<Docker> {
    let instance = settings["instance"].as_str().context("settings.json names no instance")?;
    let host = std::env::var_os("DOCKER_HOST").and_then(|host| host.into_string().ok());
    let host = host.filter(|host| !host.is_empty());
    Ok(Docker::new(host.as_deref().unwrap_or(ENGINE), instance))
}
