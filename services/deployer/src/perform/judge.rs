//! Holds a share of traffic, or of copies, and judges the candidate by it: probes and restarts as in the bake, and its
//! answers beside those of the stable release over the same minutes, or to the same requests. What is neither shown to be
//! worse nor shown not to be is left to a person, and judged on meanwhile.

use super::Outcome;
use super::watch::{alarmed, copied, found_again, left, measured, watched};
use crate::app::App;
use crate::compare;
use crate::db::release::Release;
use crate::db::{analysis, release, shadow};
use crate::shadow::Report;
use crate::watch::{Limits, Sight, Tally, Watcher, is_calm, verdict};
use ::release::{Failure, Shift, State};
use stats::{Analysis, Judgement, Verdict};
use std::time::Duration;
use tokio::time::Instant;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Every so many looks all is saved; what came since is still in the counters of the router after a crash.
const SAVE: u32 = 5;

/// Returns when the share was held for its time and the candidate is shown to be no worse.
pub(crate) async fn judge(app: &App, release: &Release, step: usize) -> Result<String, Outcome> {
    let mut held = Instant::now() + time_to_hold(app, release).await?;
    let mut analysis = begin(app, release, step).await?;
    let mut report = report(app, release).await?;
    let mut watcher = Watcher::new(app.engine.clone(), watched(app, release).await?);
    // The errors are for the analysis to judge.
    let limits = Limits { requests: u64::MAX, ..Limits::from(&release.content.resolved.bake) };
    let mut looks = 0_u32;
    loop {
        let sights = watcher.look().await;
        if let Some(anew) = found_again(app, release).await {
            held = held.max(anew);
        }
        if let Some(alarm) = verdict(&sights, Tally::default(), Tally::default(), &limits) {
            return Err(alarmed(app, release, &alarm).await);
        }
        observe(app, release, &mut analysis, report.as_mut()).await;
        let judgement = analysis.judgement();
        let is_held = Instant::now() >= held;
        let end = end(&judgement, (is_held, waits(release)), &sights);
        if end.is_some() || looks.is_multiple_of(SAVE) {
            save(app, release, (step, &analysis, report.as_ref()), &judgement).await?;
        }
        match end {
            Some(end) => return told(release, step, end, &judgement),
            None => tokio::time::sleep(LOOK).await,
        }
        looks += 1;
    }
}

/// What ends a step, if anything does. A person who is asked already is not asked again.
fn end(judgement: &Judgement, (is_held, waits): (bool, bool), sights: &[Sight]) -> Option<Verdict> {
    let is_end = match judgement.verdict {
        Verdict::Fail => true,
        Verdict::Pass => is_held && is_calm(sights),
        Verdict::Inconclusive => is_held && !waits,
    };
    is_end.then_some(judgement.verdict)
}

fn told(
    release: &Release,
    step: usize,
    end: Verdict,
    judgement: &Judgement,
) -> Result<String, Outcome> {
    let said = match release.plan.weights().get(step).copied().unwrap_or_default() {
        0 => format!("by copies: {judgement}"),
        share => format!("at {share} %: {judgement}"),
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

/// What is known from before: from another driver, or from the steps behind it.
async fn begin(app: &App, release: &Release, step: usize) -> Result<Analysis, Outcome> {
    let found = analysis::find(&app.pool, release.id).await;
    let found = found.map_err(|error| Outcome::again(&error))?;
    let Some((known, mut analysis)) = found else {
        let plan = compare::plan_of(&release.content);
        let plan = plan.ok_or_else(|| "the release has no step to judge".to_owned());
        return plan.map(Analysis::new).map_err(Outcome::Again);
    };
    if known != row_step(step) {
        analysis.next_step();
    }
    Ok(analysis)
}

fn row_step(step: usize) -> i32 {
    i32::try_from(step).unwrap_or(i32::MAX)
}

/// What is known of copies from before, if that is what the release gets.
async fn report(app: &App, release: &Release) -> Result<Option<Report>, Outcome> {
    if !release.plan.is_shadowing(&release.state) {
        return Ok(None);
    }
    let found = shadow::find(&app.pool, release.id).await;
    let found = found.map_err(|error| Outcome::again(&error))?;
    Ok(Some(found.unwrap_or_default()))
}

/// One look at what the router measured. While it is away nothing is seen, and nothing is judged.
async fn observe(
    app: &App,
    release: &Release,
    analysis: &mut Analysis,
    report: Option<&mut Report>,
) {
    let sight = if let Some(report) = report {
        let Some(copied) = copied(app, release).await else { return };
        report.observe(&copied);
        compare::sight_of_copies(&copied)
    } else {
        let Some(stable) = release.stable else { return };
        let measured = measured(app, release).await.unwrap_or_default();
        compare::sight(&measured, &release.id.to_string(), &stable.to_string())
    };
    if let Some(sight) = sight {
        analysis.observe(&sight);
    }
}

async fn save(
    app: &App,
    release: &Release,
    (step, known, report): (usize, &Analysis, Option<&Report>),
    judgement: &Judgement,
) -> Result<(), Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let mut transaction = app.pool.begin().await.map_err(again)?;
    release::fence(&mut *transaction, release).await.map_err(again)?;
    let known = (row_step(step), known);
    analysis::save(&mut transaction, release.id, known, judgement).await.map_err(again)?;
    if let Some(report) = report {
        shadow::save(&mut transaction, release.id, report).await.map_err(again)?;
    }
    transaction.commit().await.map_err(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(verdict: Verdict, held: bool, waits: bool) -> bool {
        let judgement = Judgement { verdict, ..Analysis::new(stats::Plan::default()).judgement() };
        end(&judgement, (held, waits), &[]).is_some()
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
