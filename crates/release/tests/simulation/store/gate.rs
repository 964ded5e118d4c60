//! What a release waits for before it begins: the forge's CI, people who agree, and a window, by the database's clock.

use super::lease::Lease;
use super::{Row, Store};
use crate::world::Trouble;
use events::ReleaseId;
use release::{Failure, Input, State};

/// How many people must agree.
const WANTED: u64 = 2;
/// CI of a commit takes so long, and is red for each so-many-th release.
const CI: (u64, u64) = (3_000, 7);
/// Windows are open and closed for so long, in turns.
const TURN: u64 = 15_000;

impl Store {
    /// One more person agrees; with the last vote the release is approved, in one transaction.
    pub(crate) fn agree(&mut self, release: ReleaseId) {
        let Some(row) = self.row(release) else { return };
        row.agreed += 1;
        if row.agreed == WANTED {
            self.enqueue(release, Input::Approved);
        }
    }

    /// Somebody puts the freeze aside.
    pub(crate) fn override_freeze(&mut self, release: ReleaseId) {
        let Some(row) = self.row(release) else { return };
        row.overridden = true;
        self.enqueue(release, Input::WindowOpened);
    }

    /// Whether `release` may begin now.
    pub(super) fn is_open(&self, release: ReleaseId) -> bool {
        let is_overridden = self.releases.get(&release).is_some_and(|row| row.overridden);
        is_overridden || (self.now / TURN).is_multiple_of(2)
    }

    /// Lets a release that waits for its window go on; else how long that is closed.
    pub(crate) fn look_at_window(
        &mut self,
        lease: Lease,
        release: &Row,
    ) -> Result<Option<u64>, Trouble> {
        if self.is_open(release.id) {
            self.apply(Some(lease), release, &Input::WindowOpened)?;
            return Ok(None);
        }
        Ok(Some(TURN - self.now % TURN))
    }

    /// Lets a release that waits for CI go on, or end, once that is known; else how long until the next look.
    pub(crate) fn look_at_ci(
        &mut self,
        lease: Lease,
        release: &Row,
    ) -> Result<Option<u64>, Trouble> {
        let (takes, red) = CI;
        if self.now < release.entered_at + takes {
            return Ok(Some(release.entered_at + takes - self.now));
        }
        let input = if release.number.is_multiple_of(red) {
            Input::Failed { failure: Failure::new("CI_FAILED", "in the simulation") }
        } else {
            Input::Done { detail: String::new() }
        };
        self.apply(Some(lease), release, &input)?;
        Ok(None)
    }

    /// What may not begin yet.
    pub(super) fn judge_gates(&mut self, release: &Row, next: &State) {
        let State::Queued { cleared } = release.state else { return };
        if *next != State::Preparing {
            return;
        }
        let (plan, number) = (&release.plan, release.number);
        let agreed = self.releases.get(&release.id).map_or(0, |row| row.agreed);
        if plan.approval && agreed < WANTED {
            self.accuse(|| format!("release {number} begins, and {agreed} agreed"));
        }
        if plan.ci && !cleared.ci {
            self.accuse(|| format!("release {number} begins, and its commit is not green"));
        }
        if plan.window && !cleared.window && !self.is_open(release.id) {
            self.accuse(|| format!("release {number} begins while it is frozen"));
        }
    }
}
