//! What becomes of a time of a schedule. Pure.

use ::release::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use manifest::{Missed, Overlap};

/// A time that is looked at later than this was missed: the platform was down.
const LATE: TimeDelta = TimeDelta::minutes(2);

/// What of the job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// Nothing.
    Nothing,
    /// It runs.
    Running,
    /// One is due and has not begun.
    Waiting,
}

/// What a job says of its schedule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) overlap: Overlap,
    pub(super) missed: Missed,
}

/// Why nothing runs for the time `slot` that is looked at `now`; nothing when it runs.
pub(super) fn skipped(
    policy: Policy,
    (slot, now): (DateTime<Utc>, DateTime<Utc>),
    open: Open,
) -> Option<Failure> {
    if now - slot > LATE && policy.missed == Missed::Skip {
        let message = format!("the platform was down at {}", slot.format("%Y-%m-%d %H:%MZ"));
        return Some(Failure::new("MISSED", message));
    }
    let waits = match policy.overlap {
        Overlap::Skip => open != Open::Nothing,
        Overlap::Queue => open == Open::Waiting,
    };
    waits.then(|| Failure::new("OVERLAP", "the run before had not ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(overlap: Overlap, missed: Missed, late: i64, open: Open) -> String {
        let slot = DateTime::UNIX_EPOCH;
        let times = (slot, slot + TimeDelta::seconds(late));
        let skipped = skipped(Policy { overlap, missed }, times, open);
        skipped.map_or_else(|| "runs".to_owned(), |why| why.reason)
    }

    #[test]
    fn what_was_missed_is_made_up_or_left() {
        assert_eq!(reason(Overlap::Skip, Missed::Once, 3600, Open::Nothing), "runs");
        assert_eq!(reason(Overlap::Skip, Missed::Skip, 3600, Open::Nothing), "MISSED");
        assert_eq!(reason(Overlap::Skip, Missed::Skip, 30, Open::Nothing), "runs");
    }

    #[test]
    fn what_would_overlap_is_left_or_waits_and_one_waits_at_most() {
        let told = [Open::Nothing, Open::Running, Open::Waiting].map(|open| {
            [Overlap::Skip, Overlap::Queue].map(|it| reason(it, Missed::Once, 0, open))
        });
        assert_eq!(told, [["runs", "runs"], ["OVERLAP", "runs"], ["OVERLAP", "OVERLAP"]]);
    }
}
