//! How long who follows something waits for a server that is away.

use crate::client::Refused;
use crate::output::Output;
use std::time::Duration;
use tokio::time::Instant;

/// How long a server may be away.
const AWAY: Duration = Duration::from_mins(1);
/// The first pause before it is asked again; each is twice the one before.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);
/// A stream that stood as long was sound, also when nothing was said on it.
const SOUND: Duration = Duration::from_secs(10);

/// Patience with a server that is away for a while.
#[derive(Debug)]
pub(crate) struct Patience<'a> {
    out: &'a Output,
    absence: Absence,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(out: &'a Output) -> Self {
        Self { out, absence: Absence::default() }
    }

    /// It is there.
    pub(crate) fn answered(&mut self) {
        self.absence = Absence::default();
    }

    /// Waits before it is asked again; what is broken when that cannot pass, or has lasted too long. A stream `stood`
    /// before it broke.
    pub(crate) async fn pause(&mut self, broken: Refused, stood: Duration) -> Result<(), Refused> {
        if !broken.passes() {
            return Err(broken);
        }
        if stood >= SOUND {
            self.answered();
        }
        let is_first = self.absence.since.is_none();
        let Some(pause) = self.absence.pause(Instant::now()) else { return Err(broken) };
        if is_first {
            let text = format!("the connection broke ({broken}); going on where it ended");
            self.out.note(&text);
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// Since when it is away, and how often it was asked.
#[derive(Debug, Default)]
struct Absence {
    since: Option<Instant>,
    tries: u32,
}

impl Absence {
    /// The pause before the next try; nothing when it is away for too long.
    fn pause(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        if now.duration_since(since) > AWAY {
            return None;
        }
        let pause = FIRST.saturating_mul(2_u32.saturating_pow(self.tries)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_seconds_and_end_after_a_minute() {
        let (mut absence, mut now, mut pauses) = (Absence::default(), Instant::now(), Vec::new());
        while let Some(pause) = absence.pause(now) {
            pauses.push(pause.as_millis());
            now += pause;
        }
        assert_eq!(pauses[..5], [500, 1000, 2000, 2000, 2000]);
        assert_eq!(pauses.iter().sum::<u128>(), 61_500, "the last look is past a minute");
    }

    #[test]
    fn who_was_there_for_hours_may_be_away_for_a_minute_again() {
        let mut absence = Absence::default();
        let now = Instant::now();
        assert!(absence.pause(now).is_some());
        assert!(absence.pause(now + AWAY).is_some());
        assert_eq!(absence.pause(now + AWAY + FIRST), None);
        absence = Absence::default();
        assert_eq!(absence.pause(now + AWAY + FIRST), Some(FIRST));
    }
}
