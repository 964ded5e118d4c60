//! Time and identities: real in production, frozen in tests.

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use std::sync::Arc;
use uuid::Uuid;

/// Tells the time to whoever decides by it. Clones of a frozen clock move together.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Frozen(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The clock of the machine.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is advanced.
    pub fn frozen(at: DateTime<Utc>) -> Self {
        Self(Source::Frozen(Arc::new(Mutex::new(at))))
    }

    /// What time it is.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Frozen(at) => *at.lock(),
        }
    }

    /// Moves a frozen clock; the clock of the machine moves by itself.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Frozen(at) = &self.0 {
            *at.lock() += by;
        }
    }
}

/// A new identity; identities made later sort after it.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told_and_with_its_clones() {
        let clock = Clock::frozen(DateTime::UNIX_EPOCH);
        clock.clone().advance(TimeDelta::seconds(5));
        assert_eq!(clock.now().timestamp(), 5);
    }

    #[test]
    fn identities_sort_by_the_time_they_were_made() {
        let first = new_id();
        assert!(first < new_id());
    }
}
