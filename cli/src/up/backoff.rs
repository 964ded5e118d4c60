//! How long to wait before a program that died is started again.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);
/// A program that ran as long starts with the first pause again.
const SOUND: Duration = Duration::from_mins(1);

/// The pause before the next start: 1 s, doubled with every early death, 30 s at most.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    early_deaths: u32,
}

impl Backoff {
    /// The pause after a program died that had run for `ran`.
    pub(super) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= SOUND {
            self.early_deaths = 0;
        }
        let pause = FIRST.saturating_mul(2_u32.saturating_pow(self.early_deaths)).min(LONGEST);
        self.early_deaths = self.early_deaths.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..7).map(|_| backoff.after(Duration::ZERO).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn a_program_that_ran_well_is_started_at_once_again() {
        let mut backoff = Backoff::default();
        backoff.after(Duration::ZERO);
        backoff.after(Duration::ZERO);
        assert_eq!(backoff.after(Duration::from_secs(61)), FIRST);
    }
}
