//! The database: rows, and what every statement of the deployer does to them. A transaction is one call: it
//! checks everything before it writes anything, so that what fails has changed nothing.

mod create;
mod gate;
mod instance;
mod lease;
mod outbox;
mod transition;

pub(crate) use create::{Created, Wanted};
pub(crate) use instance::{Instance, Is, Wreck};
pub(crate) use lease::{Beat, LEASE, Lease};
pub(crate) use outbox::{Event, Said};

use crate::content::Content;
use crate::flaw::Flaw;
use crate::world::Trouble;
use events::ReleaseId;
use release::{Entry, Input, Plan, State, Traffic};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A release.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: ReleaseId,
    /// The environment.
    pub(crate) place: usize,
    pub(crate) number: u64,
    pub(crate) content: Content,
    pub(crate) plan: Plan,
    pub(crate) state: State,
    pub(crate) version: u64,
    pub(crate) stable: Option<ReleaseId>,
    /// What it goes back to, if it is a rollback.
    pub(crate) restores: Option<ReleaseId>,
    /// The change it was built from, and whether nobody asked for it by hand.
    pub(crate) change: Option<u64>,
    pub(crate) pinned: bool,
    /// How many people agreed to it, and whether one put the freeze aside.
    agreed: u64,
    overridden: bool,
    pub(crate) entered_at: u64,
    deadline_at: Option<u64>,
    wake_at: Option<u64>,
    lease_owner: Option<u64>,
    lease_until: u64,
    lease_epoch: u64,
}

/// An environment. Here an app has one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    last_number: u64,
    pub(crate) traffic: Traffic,
    /// When it was asked to go, and whether it is gone.
    pub(crate) removal: Option<(u64, bool)>,
}

impl Environment {
    pub(crate) fn is_going(&self) -> bool {
        matches!(self.removal, Some((_, false)))
    }
}

#[derive(Debug)]
struct Command {
    id: u64,
    release: ReleaseId,
    input: Input,
    taken: bool,
}

/// Everything that is true.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// The database's clock.
    pub(crate) now: u64,
    flaws: &'static [Flaw],
    pub(crate) releases: BTreeMap<ReleaseId, Rc<Row>>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) instances: Vec<Instance>,
    /// By the instances that they were.
    pub(crate) wrecks: BTreeMap<u64, Wreck>,
    pub(crate) generation: u64,
    pub(crate) log: Vec<(ReleaseId, Entry)>,
    pub(crate) outbox: Vec<Event>,
    pub(crate) inbox: BTreeSet<(&'static str, u64)>,
    /// What rules were broken, by whom.
    pub(crate) wrong: Option<String>,
    commands: Vec<Command>,
}

impl Store {
    pub(crate) fn new(flaws: &'static [Flaw], environments: usize) -> Self {
        let environments = vec![Environment::default(); environments];
        Self { flaws, environments, ..Self::default() }
    }

    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    pub(crate) fn get(&self, id: ReleaseId) -> Result<Rc<Row>, Trouble> {
        self.releases.get(&id).cloned().ok_or(Trouble::Lost)
    }

    fn row(&mut self, id: ReleaseId) -> Option<&mut Row> {
        self.releases.get_mut(&id).map(Rc::make_mut)
    }

    /// `release` is as it was read.
    pub(crate) fn fence(&self, release: &Row) -> Result<(), Trouble> {
        let now = self.get(release.id)?;
        if now.version == release.version || self.has(Flaw::NoFence) {
            return Ok(());
        }
        Err(Trouble::Away)
    }

    fn of_place(&self, place: usize) -> impl DoubleEndedIterator<Item = &Rc<Row>> {
        // Ids grow with numbers.
        self.releases.values().filter(move |row| row.place == place)
    }

    pub(crate) fn live(&self, place: usize) -> Option<ReleaseId> {
        self.of_place(place).find(|row| row.state == State::Live).map(|row| row.id)
    }

    /// What waits or moves, the oldest first.
    pub(crate) fn unfinished(&self, place: usize) -> Vec<ReleaseId> {
        let unfinished = |row: &&Rc<Row>| row.state.is_waiting() || row.state.is_moving();
        self.of_place(place).filter(unfinished).map(|row| row.id).collect()
    }

    /// What is kept to go back to, the newest first.
    pub(crate) fn retained(&self, place: usize) -> Vec<ReleaseId> {
        let retained = self.of_place(place).filter(|row| row.state == State::Retained);
        retained.rev().map(|row| row.id).collect()
    }

    /// Writes what is wanted of `release`, and wakes its driver.
    pub(crate) fn enqueue(&mut self, release: ReleaseId, input: Input) {
        let (id, now) = (self.commands.len() as u64, self.now);
        self.commands.push(Command { id, release, input, taken: false });
        if let Some(row) = self.row(release) {
            row.wake_at = Some(now);
        }
    }

    /// What is wanted of `release` and was not taken, the oldest first.
    fn waiting(&self, release: ReleaseId) -> impl Iterator<Item = &Command> {
        self.commands.iter().filter(move |command| !command.taken && command.release == release)
    }

    pub(crate) fn has_commands(&self, release: ReleaseId) -> bool {
        self.waiting(release).next().is_some()
    }

    /// Whether `input` is wanted of `release` already.
    pub(crate) fn is_asked(&self, release: ReleaseId, input: &Input) -> bool {
        self.waiting(release).any(|command| command.input == *input)
    }

    pub(crate) fn accuse(&mut self, what: impl FnOnce() -> String) {
        if self.wrong.is_none() {
            self.wrong = Some(what());
        }
    }
}
