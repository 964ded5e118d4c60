//! The one place where a release changes: row, log, announcement and what follows for its neighbours.

use super::lease::Lease;
use super::{Row, Said, Store};
use crate::content::Temper;
use crate::flaw::Flaw;
use crate::world::Trouble;
use release::{Entry, Input, Plan, State, Strategy, Transition, step};
use std::rc::Rc;
use std::time::Duration;

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).expect("a limit is short")
}

impl Store {
    /// Applies `input` to `release` as it was read; the driver's `lease` fences the write.
    pub(crate) fn apply(
        &mut self,
        lease: Option<Lease>,
        release: &Row,
        input: &Input,
    ) -> Result<(), Trouble> {
        let transition = step(&release.plan, &release.state, input.clone())
            .map_err(|refused| Trouble::Refused(refused.to_string()))?;
        self.may_write(lease, release)?;
        let next = &transition.next;
        let place = release.place;
        let mut others = self.unfinished(place).into_iter().filter(|id| *id != release.id);
        if next.is_moving() && others.any(|id| self.releases[&id].state.is_moving()) {
            return Err(Trouble::Busy);
        }
        self.judge(release, input, next);
        if *next == State::Live {
            self.retire_live(place)?;
        }
        self.write(release, input, &transition);
        if matches!(transition.next, State::RolledBack { .. }) {
            self.set_pinned(release, true);
        }
        if !transition.next.is_moving() {
            self.wake_waiting(place);
        }
        Ok(())
    }

    /// Nobody else drives it, and it is as it was read.
    fn may_write(&self, lease: Option<Lease>, release: &Row) -> Result<(), Trouble> {
        let row = self.get(release.id)?;
        let same_version = row.version == release.version;
        let same_lease = lease.is_none_or(|lease| lease.epoch == row.lease_epoch);
        if (same_version && same_lease) || self.has(Flaw::NoVersion) {
            return Ok(());
        }
        Err(Trouble::Lost)
    }

    fn retire_live(&mut self, place: usize) -> Result<(), Trouble> {
        let Some(live) = self.live(place) else { return Ok(()) };
        let live = self.get(live)?;
        let transition = step(&live.plan, &live.state, Input::Replaced)
            .map_err(|refused| Trouble::Refused(refused.to_string()))?;
        self.write(&live, &Input::Replaced, &transition);
        Ok(())
    }

    fn write(&mut self, release: &Row, input: &Input, transition: &Transition) {
        let (next, now) = (&transition.next, self.now);
        let Some(row) = self.row(release.id) else { return };
        row.state = next.clone();
        row.version += 1;
        row.entered_at = now;
        row.deadline_at = release.plan.limit(next).map(|limit| now + millis(limit));
        let is_record = matches!(next, State::Retained | State::Collected);
        row.wake_at = (!is_record).then_some(now);
        self.log.push((release.id, Entry { input: input.clone(), state: next.clone() }));
        self.announce(Said::Release(release.id));
    }

    pub(crate) fn set_pinned(&mut self, like: &Row, pinned: bool) {
        let same = |row: &&Rc<Row>| row.place == like.place && row.content == like.content;
        let same: Vec<_> = self.releases.values().filter(same).map(|row| row.id).collect();
        for id in same {
            if let Some(row) = self.row(id) {
                row.pinned = pinned;
            }
        }
    }

    fn wake_waiting(&mut self, place: usize) {
        let now = self.now;
        for row in self.releases.values_mut() {
            if row.place == place && matches!(row.state, State::Queued { .. }) {
                Rc::make_mut(row).wake_at = Some(now);
            }
        }
    }

    /// Lets a queued release begin; false while another one of its environment has not ended.
    pub(crate) fn admit(&mut self, lease: Lease, release: &Row) -> Result<bool, Trouble> {
        if self.unfinished(release.place).iter().any(|other| *other != release.id) {
            return Ok(false);
        }
        let stable = self.live(release.place);
        let mut plan = Plan { has_stable: stable.is_some(), ..release.plan.clone() };
        if let Some(stable) = stable
            && !release.content.stop_first(&self.get(stable)?.content).is_empty()
        {
            plan.strategy = Strategy::Recreate;
        }
        let admitted = Row { plan, stable, ..release.clone() };
        let admission = Input::Admitted { in_window: self.is_open(release.id) };
        match self.apply(Some(lease), &admitted, &admission) {
            Ok(()) => {}
            Err(Trouble::Busy) => return Ok(false),
            Err(other) => return Err(other),
        }
        if let Some(row) = self.row(release.id) {
            (row.stable, row.plan) = (admitted.stable, admitted.plan);
        }
        Ok(true)
    }

    /// Takes the oldest command of `release`, applied or refused; false when there is none.
    pub(crate) fn take_command(&mut self, lease: Lease, release: &Row) -> Result<bool, Trouble> {
        let Some(first) = self.waiting(release.id).next() else { return Ok(false) };
        let (id, input) = (first.id, first.input.clone());
        match self.apply(Some(lease), release, &input) {
            Ok(()) => {}
            Err(Trouble::Refused(_)) => {
                if !self.has(Flaw::RefusesUnread) {
                    // What is refused is what the release is, not what it was.
                    self.fence(release).map_err(|_| Trouble::Lost)?;
                }
                let now = self.get(release.id)?;
                let (name, state) = (input.name(), now.state.name());
                if step(&now.plan, &now.state, input).is_ok() {
                    self.accuse(|| format!("{name} was refused by a release that is {state}"));
                }
            }
            Err(other) => return Err(other),
        }
        let command = self.commands.iter_mut().find(|command| command.id == id);
        command.expect("a command that was found").taken = true;
        Ok(true)
    }

    /// What may never be the reason of a change.
    fn judge(&mut self, release: &Row, input: &Input, next: &State) {
        let number = release.number;
        self.judge_gates(release, next);
        if let Input::Failed { failure } = input
            && release.content.is_good()
            && failure.reason != "DENIED"
            && !(failure.reason == "CI_FAILED" && release.plan.ci)
        {
            let why = failure.to_string();
            self.accuse(|| format!("release {number} is good and failed: {why}"));
        }
        let unseen = matches!((input, next), (Input::DeadlinePassed { .. }, State::Settling));
        if unseen && self.looks_bad(release) {
            self.accuse(|| format!("release {number} is bad, and its bake passed without a look"));
        }
    }

    fn looks_bad(&self, release: &Row) -> bool {
        let bad = |service: &crate::content::Service| service.temper == Temper::TurnsBad;
        release.content.services.iter().any(bad) && self.bad_for(release) > 10_000
    }
}
