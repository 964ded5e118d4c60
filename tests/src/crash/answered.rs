//! Bo gives what a release waits for: he agrees, puts a freeze aside, or takes back what cannot be undone.

use super::run::{APP, BOUND, Stage};
use super::scene::Scene;
use proto::v1::{ApproveReleaseRequest, RollbackEnvironmentRequest};
use std::time::Duration;
use testkit::eventually;
use uuid::Uuid;

/// A person who is not answered within this asks again.
const ANSWER: Duration = Duration::from_secs(2);
const WHY: &str = "the story wants it";

impl Stage {
    /// Gives whatever release `number` waits for, again and again.
    pub(super) async fn answered(&self, scene: Scene, number: i64) {
        if !scene.waits() {
            return std::future::pending().await;
        }
        eventually("the release to come to its point", BOUND, async || {
            let state = self.world.state_of(number).await?;
            self.answer(number, &state).await;
            None::<()>
        })
        .await;
    }

    /// The same, once; nothing when it waits for nobody. While the owner is away he asks again.
    pub(super) async fn answer(&self, number: i64, state: &str) {
        match state {
            "awaiting_approval" | "awaiting_window" => {
                self.agree(number, state == "awaiting_window").await;
            }
            "shifting" if self.world.asks(number).await => self.take_back(number).await,
            _ => {}
        }
    }

    async fn agree(&self, number: i64, override_freeze: bool) {
        let request = ApproveReleaseRequest {
            name: format!("apps/{APP}/environments/production/releases/{number}"),
            reason: WHY.to_owned(),
            override_freeze,
            request_id: Uuid::new_v4().to_string(),
        };
        let mut releases = self.bo.clone().releases;
        drop(tokio::time::timeout(ANSWER, releases.approve_release(request)).await);
    }

    /// However often he has to ask it is one request: when it is done, there would be something else to take back.
    async fn take_back(&self, number: i64) {
        let request = RollbackEnvironmentRequest {
            name: format!("apps/{APP}/environments/production"),
            reason: WHY.to_owned(),
            confirm_irreversible: true,
            request_id: Uuid::from_u128(number.unsigned_abs().into()).to_string(),
            ..RollbackEnvironmentRequest::default()
        };
        let mut releases = self.bo.clone().releases;
        drop(tokio::time::timeout(ANSWER, releases.rollback_environment(request)).await);
    }
}
