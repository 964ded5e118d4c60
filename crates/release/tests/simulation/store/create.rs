//! Makes a release of content: once for the same content, not of what was rolled back, the newest first.

use super::transition::millis;
use super::{Row, Said, Store};
use crate::content::Content;
use events::ReleaseId;
use release::{Failure, Input, State};
use std::rc::Rc;

/// What is to be released, and who wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) place: usize,
    pub(crate) content: Content,
    /// The change, when nobody asked by hand.
    pub(crate) change: Option<u64>,
    pub(crate) restores: Option<ReleaseId>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    New,
    Same,
    Pinned,
    Going,
}

impl Store {
    pub(crate) fn create(&mut self, wanted: &Wanted) -> Created {
        let place = wanted.place;
        if self.environments[place].is_going() {
            return Created::Going;
        }
        if wanted.change.is_some() && self.is_same(wanted) {
            return Created::Same;
        }
        let same = |row: &Rc<Row>| row.place == place && row.content == wanted.content;
        let is_pinned =
            wanted.change.is_some() && self.releases.values().any(|row| same(row) && row.pinned);
        let failure = Failure::new("PINNED", "rolled back before");
        let state = if is_pinned { State::Failed { failure } } else { State::queued() };
        let id = self.insert(wanted, state);
        if is_pinned {
            return Created::Pinned;
        }
        self.make_way(id, place);
        Created::New
    }

    /// The release that was live so many before the one that is; 0 is the newest good one older than where the
    /// live content came from.
    pub(crate) fn earlier(&self, place: usize, back: u64) -> Option<Rc<Row>> {
        let was_live =
            |row: &&Rc<Row>| matches!(row.state, State::Live | State::Retained | State::Collected);
        match usize::try_from(back).unwrap_or_default() {
            0 => self.older(place),
            back => self.of_place(place).rev().filter(was_live).nth(back).cloned(),
        }
    }

    fn older(&self, place: usize) -> Option<Rc<Row>> {
        let live = self.live(place).and_then(|id| self.releases.get(&id));
        let mut source = live;
        while let Some(id) = source.and_then(|row| row.restores) {
            source = self.releases.get(&id);
        }
        let before = source.map_or(u64::MAX, |source| source.number);
        let good = |row: &&Rc<Row>| {
            !row.pinned
                && row.number < before
                && live.is_none_or(|live| live.content != row.content)
        };
        let mut kept = self.retained(place).into_iter().filter_map(|id| self.releases.get(&id));
        kept.find(good).cloned()
    }

    /// A later change of the environment was released already.
    pub(crate) fn is_overtaken(&self, place: usize, change: u64) -> bool {
        let later = |row: &Rc<Row>| row.change.is_some_and(|other| other >= change);
        self.of_place(place).any(later)
    }

    /// The newest that is live or on its way has this content.
    fn is_same(&self, wanted: &Wanted) -> bool {
        let newest = self.unfinished(wanted.place).pop().or_else(|| self.live(wanted.place));
        let Some(row) = newest.and_then(|id| self.releases.get(&id)) else { return false };
        let is_ending = matches!(row.state, State::RollingBack { .. } | State::Stuck { .. });
        row.content == wanted.content && !is_ending
    }

    fn insert(&mut self, wanted: &Wanted, state: State) -> ReleaseId {
        let now = self.now;
        let id = ReleaseId::new(uuid::Uuid::from_u128(self.releases.len() as u128 + 1));
        let environment = &mut self.environments[wanted.place];
        environment.last_number += 1;
        let plan = wanted.content.plan(wanted.restores.is_some());
        let row = Row {
            id,
            place: wanted.place,
            number: environment.last_number,
            content: wanted.content,
            deadline_at: plan.limit(&state).map(|limit| now + millis(limit)),
            wake_at: (!state.is_settled()).then_some(now),
            plan,
            state,
            version: 0,
            stable: None,
            restores: wanted.restores,
            change: wanted.change,
            pinned: false,
            agreed: 0,
            overridden: false,
            entered_at: now,
            lease_owner: None,
            lease_until: 0,
            lease_epoch: 0,
        };
        self.releases.insert(id, Rc::new(row));
        self.announce(Said::Release(id));
        id
    }

    /// Asks everything of the environment that has not ended to make way.
    fn make_way(&mut self, newer: ReleaseId, place: usize) {
        for other in self.unfinished(place) {
            let state = &self.releases[&other].state;
            let ends =
                matches!(state, State::Settling | State::RollingBack { .. } | State::Stuck { .. });
            if other < newer && !ends {
                self.enqueue(other, Input::Supersede { by: newer });
            }
        }
    }
}
