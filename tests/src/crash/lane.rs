//! A part of the matrix, case after case. A case that does not end right is told and counted, and the next one begins on
//! a platform of its own.

use super::calamity::{Calamity, Ground};
use super::pushed::Killed;
use super::report::Report;
use super::run::{Converged, Stage};
use super::table::{Case, PROMOTING, Step};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Cases on one kind of platform.
#[derive(Debug)]
pub enum Lane {
    /// Releases that are cut.
    Cut(Vec<Case>),
    /// Pushes under which a service is killed.
    Pushed(Vec<Killed>),
    /// Promotions that are cut.
    Promoted(Vec<Case>),
    /// Releases whose ground goes away.
    Struck(Ground, Vec<(Step, Calamity)>),
    /// Promotions whose ground goes away.
    Undermined(Ground, Vec<Calamity>),
}

/// The name of a strike.
pub fn name_of(step: Step, calamity: Calamity) -> String {
    format!("{} {}", step.name, calamity.name())
}

impl Lane {
    /// How many cases it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Cut(cases) | Self::Promoted(cases) => cases.len(),
            Self::Pushed(kills) => kills.len(),
            Self::Struck(_, strikes) => strikes.len(),
            Self::Undermined(_, calamities) => calamities.len(),
        }
    }

    /// It has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Plays every case.
    pub async fn play(self, report: &mut Report) {
        let mut stage = None;
        match self {
            Self::Cut(cases) => {
                for case in cases {
                    let run = async |stage: &mut Stage| stage.run(&case).await;
                    let played = one(&mut stage, Stage::start, &case.name(), run).await;
                    report.note(case.fault.name(), case.step.name, played.as_ref());
                }
            }
            Self::Pushed(kills) => {
                for killed in kills {
                    let push = async |stage: &mut Stage| stage.push_through(killed).await;
                    let played = one(&mut stage, Stage::start, &killed.name(), push).await;
                    report.note("kill", "pushed", played.as_ref());
                }
            }
            Self::Promoted(cases) => {
                for case in cases {
                    let promote = async |stage: &mut Stage| stage.promote_through(&case).await;
                    let played = one(&mut stage, Stage::promoting, &case.name(), promote).await;
                    report.note(case.fault.name(), case.step.name, played.as_ref());
                }
            }
            Self::Struck(ground, strikes) => {
                for (step, calamity) in strikes {
                    let strike = async |stage: &mut Stage| stage.survive(step, calamity).await;
                    let name = name_of(step, calamity);
                    let begin = async || Stage::on(ground).await;
                    let played = one(&mut stage, begin, &name, strike).await;
                    report.note(calamity.name(), step.name, played.as_ref());
                }
            }
            Self::Undermined(ground, calamities) => {
                for calamity in calamities {
                    let promote = async |stage: &mut Stage| stage.promote_under(calamity).await;
                    let name = name_of(PROMOTING, calamity);
                    let begin = async || Stage::promoting_on(ground).await;
                    let played = one(&mut stage, begin, &name, promote).await;
                    report.note(calamity.name(), PROMOTING.name, played.as_ref());
                }
            }
        }
        end(stage, report).await;
    }
}

/// What became of one case; nothing when it did not end right, and its platform is given up.
async fn one(
    stage: &mut Option<Stage>,
    begin: impl AsyncFnOnce() -> Stage,
    name: &str,
    play: impl AsyncFnOnce(&mut Stage) -> Converged,
) -> Option<Converged> {
    let begun = match stage.take() {
        Some(stage) => Some(stage),
        None => AssertUnwindSafe(begin()).catch_unwind().await.ok(),
    };
    let Some(mut here) = begun else {
        tell(name, "NOT BEGUN", None);
        return None;
    };
    let played = AssertUnwindSafe(play(&mut here)).catch_unwind().await.ok();
    if let Some(converged) = &played {
        tell(name, converged.state, Some(converged));
        *stage = Some(here);
    } else {
        // It said why when it panicked.
        tell(name, "NOT RIGHT", None);
        here.world.tell();
    }
    played
}

async fn end(stage: Option<Stage>, report: &mut Report) {
    if let Some(stage) = stage {
        report.absorbed(stage.world.absorbed().await);
    }
}

#[expect(clippy::print_stdout, reason = "what a program says")]
fn tell(name: &str, state: &str, converged: Option<&Converged>) {
    let took = converged.map_or(0.0, |it| it.took.as_secs_f64());
    let moved_on = converged
        .and_then(|it| it.moved_on)
        .map_or(String::new(), |after| format!("  went on after {:.1} s", after.as_secs_f64()));
    println!("{name:<44} {state:<12} {took:5.1} s{moved_on}");
}
