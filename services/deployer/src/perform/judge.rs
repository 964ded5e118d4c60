//! Holds a share of traffic, or of copies, and judges the candidate by it: probes and restarts as in the bake, and its
//! answers beside those of the stable release over the same minutes, or to the same requests. What is neither shown to be
//! worse nor shown not to be is left to a person, and judged on meanwhile.

use super::Outcome;
use super::held::Held;
use super::watch::{alarmed, found_again, left, watched};
use crate::app::App;
use crate::db::release::Release;
use crate::limits::UNSEEN;
use crate::watch::{Limits, Sight, Tally, Watcher, is_calm, verdict};
use ::release::{Failure, Shift, State};
use manifest::Strategy;
use stats::{Judgement, Verdict};
use std::time::Duration;
use tokio::time::Instant;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Every so many looks all is saved; what came since is still in the counters of the router after a crash.
const SAVE: u32 = 5;

/// Whether a share was held for long enough.
#[derive(Debug, Clone, Copy)]
struct Lasted {
    /// For all of its time.
    whole: bool,
    /// For a candidate that is shown to be no worse.
    pass: bool,
}

/// Returns when the share was held for its time, or for `pass_after`, and the candidate is shown to be no worse.
pub(crate) async fn judge(app: &App, release: &Release, step: usize) -> Result<String, Outcome> {
    let mut until = Instant::now() + time_to_hold(app, release).await?;
    let mut held = Held::begin(app, release, step).await?;
    let mut watcher = Watcher::new(app.engine.clone(), watched(app, release).await?);
    // The errors are for the analysis to judge.
    let limits = Limits { requests: u64::MAX, ..Limits::from(&release.content.resolved.bake) };
    let mut looks = 0_u32;
    loop {
        let sights = watcher.look().await;
        if let Some(anew) = found_again(app, release).await {
            until = until.max(anew);
        }
        if let Some(alarm) = verdict(&sights, Tally::default(), Tally::default(), &limits) {
            return Err(alarmed(app, release, &alarm).await);
        }
        let left = until.saturating_duration_since(Instant::now());
        let judgement = held.look(left).await;
        let lasted = lasted(release, step, left);
        let end = end(&judgement, (lasted, waits(release)), &sights);
        if end.is_some() || looks.is_multiple_of(SAVE) {
            held.save(&judgement).await?;
        }
        match end {
            Some(end) => return told(release, step, end, &held.sentence(&judgement)),
            None => tokio::time::sleep(LOOK).await,
        }
        looks += 1;
    }
}

/// What ends a step, if anything does. A person who is asked already is not asked again.
fn end(
    judgement: &Judgement,
    (lasted, waits): (Lasted, bool),
    sights: &[Sight],
) -> Option<Verdict> {
    let is_end = match judgement.verdict {
        Verdict::Fail => true,
        Verdict::Pass => lasted.pass && is_calm(sights),
        Verdict::Inconclusive => lasted.whole && !waits,
    };
    is_end.then_some(judgement.verdict)
}

/// What a step that is held for `left` yet has lasted for.
fn lasted(release: &Release, step: usize, left: Duration) -> Lasted {
    let whole = left.is_zero();
    let Strategy::Canary(canary) = &release.content.resolved.strategy else {
        return Lasted { whole, pass: whole };
    };
    let held = release.plan.hold(step).saturating_sub(UNSEEN).saturating_sub(left);
    let early = canary.pass_after.is_some_and(|after| held >= after.duration());
    Lasted { whole, pass: whole || early }
}

fn told(release: &Release, step: usize, end: Verdict, sentence: &str) -> Result<String, Outcome> {
    let said = match release.plan.weights().get(step).copied().unwrap_or_default() {
        0 => format!("by copies: {sentence}"),
        share => format!("at {share} %: {sentence}"),
    };
    match end {
        Verdict::Pass => Ok(said),
        Verdict::Fail => Err(Outcome::failed(Failure::new("ANALYSIS_FAILED", said))),
        Verdict::Inconclusive => Err(Outcome::Undecided(said)),
    }
}

/// Whether a person is asked.
fn waits(release: &Release) -> bool {
    matches!(release.state, State::Shifting { phase: Shift::Deciding, .. })
}

/// How long the share has to be held yet, by the database's clock; not at all while a person is asked.
async fn time_to_hold(app: &App, release: &Release) -> Result<Duration, Outcome> {
    if waits(release) { Ok(Duration::ZERO) } else { left(app, release).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(verdict: Verdict, whole: bool, waits: bool) -> bool {
        ends_after(verdict, Lasted { whole, pass: whole }, waits)
    }

    fn ends_after(verdict: Verdict, lasted: Lasted, waits: bool) -> bool {
        let judgement =
            Judgement { verdict, ..stats::Analysis::new(stats::Plan::default()).judgement() };
        end(&judgement, (lasted, waits), &[]).is_some()
    }

    #[test]
    fn what_is_shown_early_goes_on_early_and_what_is_not_is_held() {
        let early = Lasted { whole: false, pass: true };
        assert!(ends_after(Verdict::Pass, early, false));
        assert!(!ends_after(Verdict::Inconclusive, early, false));
    }

    #[test]
    fn a_failure_ends_a_step_at_once_and_a_pass_when_it_was_held() {
        assert!(ends(Verdict::Fail, false, false));
        assert!(!ends(Verdict::Pass, false, false) && ends(Verdict::Pass, true, false));
    }

    #[test]
    fn a_person_is_asked_once() {
        assert!(!ends(Verdict::Inconclusive, false, false));
        assert!(ends(Verdict::Inconclusive, true, false));
        assert!(!ends(Verdict::Inconclusive, true, true));
    }
}
