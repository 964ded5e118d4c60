//! Who promotes is cut, or loses what it stands on, and what soaked is released all the same: once, with the same digests.

use super::calamity::{Calamity, Ground};
use super::run::{Converged, Stage, noticed};
use super::scene::Scene;
use super::table::{Case, PROMOTING, Point};
use crate::{digest, rewrite};
use proto::v1::release::State;
use service::fail_point::Fault;
use std::time::Instant;
use testkit::Load;

const PRODUCTION: &str = "production:\n    track: { branch: main }";
/// What is pushed goes to staging, and from there on by itself.
const STAGED: &str = "staging:\n    track: { branch: main }\n    host: staging.shop.localhost\n    bake: 1s\n  \
    production:\n    promote_from: { environment: staging, soak: 1s }";
/// From here on a release of production is what is made next.
const DUE: &str = "deployer.promoting.before_effect";

impl Stage {
    /// A platform with release 1 live, whose production takes from staging from the next push on.
    pub async fn promoting() -> Self {
        Self::promotes(Self::start().await)
    }

    /// The same, for calamities of this ground.
    pub async fn promoting_on(ground: Ground) -> Self {
        Self::promotes(Self::on(ground).await)
    }

    fn promotes(mut stage: Self) -> Self {
        rewrite(stage.app().repo, PRODUCTION, STAGED);
        stage.running = 2;
        stage
    }

    /// Strikes when something is to be promoted, and sees it released; panics when it is not.
    pub async fn promote_under(&mut self, calamity: Calamity) -> Converged {
        let load = Load::steady(&self.app().users());
        let number = self.world.newest().await + 1;
        self.world.arm(DUE, Fault::Hold);
        self.push(&format!("promoted-{number}")).await;
        self.world.hit(DUE).await;
        let started = Instant::now();
        let state = self.befall(calamity, (Scene::Good, number)).await;
        let took = started.elapsed();
        self.world.ready().await;
        self.settled().await;
        let users = load.stop().await;
        noticed(&users, (PROMOTING, calamity));
        if state == "live" {
            self.promoted_once(number).await;
        }
        Converged { took, state, users, moved_on: None }
    }

    /// Cuts a promotion as `case` says, and sees it end right; panics when it does not.
    pub async fn promote_through(&mut self, case: &Case) -> Converged {
        let load = Load::steady(&self.app().users());
        let number = self.world.newest().await + 1;
        let point = case.point();
        if case.point == Point::BeforeEffect {
            self.world.arm(&point, case.fault);
            self.push(&format!("promoted-{number}")).await;
        } else {
            self.world.arm(DUE, Fault::Hold);
            self.push(&format!("promoted-{number}")).await;
            self.world.hit(DUE).await;
            // The release of staging was said before.
            self.world.arm(&point, case.fault);
            self.world.release_hold(DUE);
        }
        self.world.hit(&point).await;
        let started = Instant::now();
        let moved_on = self.mend(case, number).await;
        let state = self.end(Scene::Good, number).await;
        let took = started.elapsed();
        self.world.disarm();
        self.world.ready().await;
        self.settled().await;
        let users = load.stop().await;
        assert_eq!(users.failed(), 0, "{}: {:?}", case.name(), users.first_failure);
        self.promoted_once(number).await;
        Converged { took, state, users, moved_on }
    }

    /// Release `number` is the last one, and what is live in staging.
    async fn promoted_once(&self, number: i64) {
        let app = self.app();
        let live = app.releases().await.remove(0);
        let proved = app.in_environment("staging").releases().await.remove(0);
        assert_eq!((live.number, live.state()), (number, State::Live));
        assert_eq!((&live.promoted_from, proved.state()), (&proved.name, State::Live));
        assert_eq!(digest(&live, "web"), digest(&proved, "web"));
    }
}
