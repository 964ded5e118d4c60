//! A service is killed in the middle of what it does for a push, and the push is released all the same.

use super::run::{APP, Converged, Stage};
use super::scene::Scene;
use crate::WEBHOOK_SECRET;
use crate::fixture::behave;
use serde_json::json;
use service::fail_point::Fault;
use std::time::Instant;
use testkit::{Load, webhook};

/// Who is killed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Killed {
    /// The service.
    pub service: &'static str,
    /// What it is at, as its fail point says it.
    pub at: &'static str,
}

const fn killed(service: &'static str, at: &'static str) -> Killed {
    Killed { service, at }
}

/// What each service does for a push. The releases themselves are cut as the crash table says.
pub const KILLED: [Killed; 10] = [
    killed("gateway", "delivery.recorded"),
    killed("gateway", "source.pushed.published"),
    killed("builder", "source.pushed.handled"),
    killed("builder", "fetch.before_effect"),
    killed("builder", "build.before_effect"),
    killed("builder", "build.effect_done"),
    killed("builder", "succeeded.recorded"),
    killed("builder", "build.succeeded.published"),
    killed("deployer", "build.succeeded.handled"),
    killed("monitor", "release.live.live.handled"),
];

impl Killed {
    /// As it is told.
    pub fn name(self) -> String {
        format!("pushed {} {} kill", self.service, self.at)
    }

    fn point(self) -> String {
        format!("{}.{}", self.service, self.at)
    }
}

impl Stage {
    /// Kills a service under a push, and sees the push released; panics when it is not.
    pub async fn push_through(&mut self, killed: Killed) -> Converged {
        let load = Load::steady(&self.app().users());
        let number = self.app().releases().await.first().map_or(0, |newest| newest.number) + 1;
        self.world.arm(&killed.point(), Fault::Kill);
        self.push(&format!("pushed-{number}")).await;
        self.world.hit(&killed.point()).await;
        let started = Instant::now();
        let moved_on = Some(self.world.goes_on(killed.service).await);
        let state = self.end(Scene::Good, number).await;
        let took = started.elapsed();
        self.world.ready().await;
        self.settled().await;
        let users = load.stop().await;
        assert_eq!(users.failed(), 0, "{}: {:?}", killed.name(), users.first_failure);
        assert_eq!(self.app().version().await, format!("pushed-{number}"), "{}", killed.name());
        Converged { took, state, users, moved_on }
    }

    /// Tells of a new commit once. Whoever hears it may die before it answers.
    pub(super) async fn push(&self, version: &str) {
        let app = self.app();
        behave(app.repo, &json!({"version": version}));
        let before = app.repo.head();
        self.told(&before, &app.repo.commit(version)).await;
    }

    /// Says once that the default branch went from one commit to another.
    pub(super) async fn told(&self, before: &str, after: &str) {
        let push = webhook::push("refs/heads/main", before, after, "A push");
        let (path, headers) = (format!("/hooks/{APP}"), push.headers(WEBHOOK_SECRET));
        if let Ok(answer) = self.world.hooks().post(&path, &headers, push.body.clone()).await {
            assert_eq!(answer.status, 202, "{}", answer.text());
        }
    }
}
