//! One release with or without something that goes wrong.

use crate::crash::{CALAMITIES, Calamity, Case, Ground, STEPS, Scene, Stage, Step, cases};
use rand::Rng;
use rand::seq::IndexedRandom;
use service::fail_point::Fault;
use testkit::Report;

/// One release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing goes wrong but what the release brings itself.
    Plain(Scene),
    /// It is cut.
    Cut(Case),
    /// What it stands on goes away.
    Struck(Step, Calamity),
}

impl Round {
    /// Any: seven of ten plain, and few that end a program, so that most live long enough to grow.
    pub fn any(random: &mut impl Rng) -> Self {
        match random.random_range(0..20) {
            0..8 => Self::Plain(Scene::Good),
            8..10 => Self::Plain(Scene::Canary),
            10..12 => Self::Plain(Scene::TurnsBad),
            12..14 => Self::Plain(Scene::NeverReady),
            14..17 => Self::cut(random, &[Fault::Error, Fault::TimedOut]),
            17 => Self::cut(random, &[Fault::Kill, Fault::Stop]),
            _ => {
                let spared = [Calamity::RouterKilled, Calamity::ControlKilled];
                let usual = |it: &Calamity| it.ground() == Ground::Usual && !spared.contains(it);
                let left: Vec<_> = CALAMITIES.into_iter().filter(usual).collect();
                let step = STEPS.choose(random).expect("there are steps");
                Self::Struck(*step, *left.choose(random).expect("some are left"))
            }
        }
    }

    fn cut(random: &mut impl Rng, faults: &[Fault]) -> Self {
        let all: Vec<Case> = cases().filter(|case| faults.contains(&case.fault)).collect();
        Self::Cut(*all.choose(random).expect("there are cases"))
    }

    /// As it is told.
    pub fn name(&self) -> String {
        match self {
            Self::Plain(scene) => format!("{scene:?}"),
            Self::Cut(case) => case.name(),
            Self::Struck(step, calamity) => format!("{} {}", step.name, calamity.name()),
        }
    }

    /// Plays it on `stage`; what users got.
    pub async fn play(&self, stage: &mut Stage) -> Report {
        match self {
            Self::Plain(scene) => stage.pass(*scene).await,
            Self::Cut(case) => stage.run(case).await.users,
            Self::Struck(step, calamity) => stage.survive(*step, *calamity).await.users,
        }
    }
}
