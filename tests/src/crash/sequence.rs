//! People and newer releases get in the way of a release, in every step.

use super::run::Stage;
use super::scene::Scene;
use super::table::Step;
use crate::App;
use proto::v1::release::State;
use service::fail_point::Fault;

impl Stage {
    /// Holds a release before the effect of `step`, lets `meanwhile` happen, and lets it go on. The release's
    /// number.
    async fn held(&mut self, step: Step, meanwhile: impl AsyncFnOnce(&mut Self, i64)) -> i64 {
        let point = format!("deployer.{}.before_effect", step.name);
        self.world.arm(&point, Fault::Hold);
        let number = self.deploy(step.scene).await.number;
        tokio::select! {
            () = self.world.hit(&point) => {}
            () = self.answered(step.scene, number) => {}
        }
        meanwhile(self, number).await;
        self.world.disarm();
        number
    }

    /// Cancels a release in `step`; the state in which it ends.
    pub async fn cancel_in(&mut self, step: Step) -> State {
        let cancel = async |stage: &mut Self, number| {
            // Too late is an answer too.
            drop(stage.app().cancel(number).await);
        };
        let number = self.held(step, cancel).await;
        self.ended(number).await
    }

    /// Releases something newer while a release is in `step`; the states in which both end.
    pub async fn supersede_in(&mut self, step: Step) -> (State, State) {
        let mut newer = 0;
        let deploy = async |stage: &mut Self, _| {
            newer = stage.deploy(Scene::Good).await.number;
        };
        let older = self.held(step, deploy).await;
        // One that was settling is live for a moment, until the newer one is.
        let newer = self.ended(newer).await;
        (self.ended(older).await, newer)
    }

    /// Asks for release 1 while a release is in `step`; the state in which that ends, and the one of the way back.
    pub async fn rollback_in(&mut self, step: Step) -> (State, Option<State>) {
        let mut back = None;
        let ask = async |stage: &mut Self, _| {
            back = stage.app().rollback(1).await.ok().map(|release| release.number);
        };
        let number = self.held(step, ask).await;
        let ended = self.ended(number).await;
        match back.filter(|back| *back != number) {
            Some(back) => (ended, Some(self.ended(back).await)),
            None => (ended, None),
        }
    }

    async fn ended(&self, number: i64) -> State {
        let app: App<'_> = self.app();
        let release = app.release_in(number, &ENDS).await;
        release.state()
    }
}

/// A release stays in these.
const ENDS: [State; 8] = [
    State::Live,
    State::Retained,
    State::Collected,
    State::RolledBack,
    State::Failed,
    State::Cancelled,
    State::Superseded,
    State::Stuck,
];
