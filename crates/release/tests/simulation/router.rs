//! The router: one table with a generation, on disk. Started again it may have an older one.

use crate::world::Trouble;
use events::ReleaseId;

/// Who is asked with requests of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) release: ReleaseId,
    pub(crate) percent: u32,
    /// Instances that hold a container.
    pub(crate) upstreams: Vec<u64>,
}

/// The requests of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) place: usize,
    pub(crate) held: bool,
    pub(crate) targets: Vec<Target>,
}

/// Where requests go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) generation: u64,
    pub(crate) routes: Vec<Route>,
}

/// The router.
#[derive(Debug, Default)]
pub(crate) struct Router {
    pub(crate) table: Table,
    before: Vec<Table>,
    /// The newest generation that it ever acknowledged.
    pub(crate) newest: u64,
}

impl Router {
    /// Puts a table in force. An older one is refused with the generation that is known.
    pub(crate) fn apply(&mut self, table: Table) -> Result<Result<(), u64>, Trouble> {
        if table.generation < self.table.generation {
            return Ok(Err(self.table.generation));
        }
        if table.generation == self.table.generation {
            return if table == self.table { Ok(Ok(())) } else { Err(Trouble::Away) };
        }
        self.newest = self.newest.max(table.generation);
        let old = std::mem::replace(&mut self.table, table);
        self.before.push(old);
        if self.before.len() > 3 {
            self.before.remove(0);
        }
        Ok(Ok(()))
    }

    /// It comes back with a table that it had some time before: `back` tables ago.
    pub(crate) fn restart(&mut self, back: usize) {
        if let Some(old) = self.before.iter().rev().nth(back) {
            self.table = old.clone();
        }
    }

    /// It lost tables that it had acknowledged; until it has them again its requests are its own loss.
    pub(crate) fn is_behind(&self) -> bool {
        self.table.generation < self.newest
    }
}
