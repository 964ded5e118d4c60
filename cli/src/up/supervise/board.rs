//! What runs now, shared by those who know it and written for those who ask.

use crate::up::plan::Program;
use crate::up::process::Process;
use crate::up::state::Running;
use crate::up::{Error, Layout, Phase, State};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What runs now.
#[derive(Debug, Clone)]
pub(in crate::up) struct Board {
    layout: Layout,
    state: Arc<Mutex<State>>,
}

impl Board {
    /// A board that shows `state`.
    pub(in crate::up) fn new(layout: Layout, state: State) -> Self {
        Self { layout, state: Arc::new(Mutex::new(state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it shows.
    pub(in crate::up) fn state(&self) -> State {
        self.lock().clone()
    }

    /// Writes it for others.
    pub(in crate::up) fn write(&self) -> Result<(), Error> {
        self.lock().write(&self.layout)
    }

    /// Shows what will be started.
    pub(in crate::up) fn announce(
        &self,
        programs: &[Program],
        addresses: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let waiting = |program: &Program| Running {
            name: program.name.to_owned(),
            program: program.argv[0].clone(),
            process: None,
            ready: false,
            restarts: 0,
        };
        let mut state = self.lock();
        state.addresses = addresses;
        state.programs = programs.iter().map(waiting).collect();
        state.write(&self.layout)
    }

    /// Shows how far the platform is.
    pub(in crate::up) fn phase(&self, phase: Phase) -> Result<(), Error> {
        self.lock().phase = phase;
        self.write()
    }

    /// Shows that it did not start, as well as it can.
    pub(in crate::up) fn fail(&self, why: &str) {
        let mut state = self.lock();
        state.phase = Phase::Failed;
        why.clone_into(&mut state.failure);
        // The caller reports the failure itself; this is for those who look later.
        let _best_effort = state.write(&self.layout);
    }

    /// Shows nothing any more.
    pub(in crate::up) fn remove(&self) {
        let _already_gone = std::fs::remove_file(self.layout.state());
    }

    /// How often a program was started again.
    pub(in crate::up) fn restarts(&self, name: &str) -> u32 {
        let state = self.lock();
        let program = state.programs.iter().find(|program| program.name == name);
        program.map_or(0, |program| program.restarts)
    }

    /// Shows that a program answers.
    pub(in crate::up) fn ready(&self, name: &str) -> Result<(), Error> {
        self.change(name, |program| program.ready = true)
    }

    /// Shows the process of a program; nothing when it ended.
    pub(in crate::up) fn process(&self, name: &str, process: Option<Process>) -> Result<(), Error> {
        self.change(name, |program| program.process = process)
    }

    /// Shows that a program died and will be started again.
    pub(in crate::up) fn died(&self, name: &str) -> Result<(), Error> {
        self.change(name, |program| {
            program.process = None;
            program.restarts += 1;
        })
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Running)) -> Result<(), Error> {
        let mut state = self.lock();
        if let Some(program) = state.programs.iter_mut().find(|program| program.name == name) {
            change(program);
        }
        state.write(&self.layout)
    }
}
