//! `up.json`: what runs now, for `slipway down`, `slipway doctor`, clients on this machine and the next start.

use super::files;
use super::process::Process;
use super::{Error, Layout};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What runs now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The version of the platform.
    pub(crate) version: String,
    /// How far it is.
    pub(crate) phase: Phase,
    /// Why it failed; empty otherwise.
    pub(crate) failure: String,
    /// Who keeps it running.
    pub(crate) supervisor: Process,
    /// Where things answer, by what they are.
    pub(crate) addresses: BTreeMap<String, String>,
    /// Every program, in the order of starting.
    pub(crate) programs: Vec<Running>,
}

/// How far the platform is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Programs are being started.
    Starting,
    /// Everything answers.
    Ready,
    /// Programs are being stopped.
    Stopping,
    /// It did not start; what had started was stopped.
    Failed,
}

/// One program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    /// What it is called here.
    pub(crate) name: String,
    /// The program file.
    pub(crate) program: String,
    /// Its process; nothing while it is not running.
    pub(crate) process: Option<Process>,
    /// Whether it answered since the platform was started.
    pub(crate) ready: bool,
    /// How often it had to be started again.
    pub(crate) restarts: u32,
}

impl State {
    /// What the last supervisor wrote; nothing when there is none.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, Error> {
        let path = layout.state();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::Damaged {
                path: path.display().to_string(),
                why: error.to_string(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("read", &path)(error)),
        }
    }

    /// Writes it, atomically.
    pub(super) fn write(&self, layout: &Layout) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| Error::Damaged {
            path: layout.state().display().to_string(),
            why: error.to_string(),
        })?;
        files::replace(&layout.state(), &bytes)
    }

    /// Every process of it that still runs, the supervisor last.
    pub(crate) fn alive(&self) -> Vec<(String, Process)> {
        let programs = self
            .programs
            .iter()
            .rev()
            .filter_map(|program| Some((program.name.clone(), program.process.clone()?)));
        let supervisor = ("supervisor".to_owned(), self.supervisor.clone());
        let all = programs.chain(std::iter::once(supervisor));
        all.filter(|(_, process)| process.is_alive()).collect()
    }
}
