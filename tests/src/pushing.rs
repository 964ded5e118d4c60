//! What a forge tells about a repository, beyond a plain push.

use crate::{App, World};
use proto::v1::release::State;
use proto::v1::{ListDeliveriesRequest, Release, ReplayDeliveryRequest, build};
use std::time::Duration;
use testkit::webhook::{self, Delivery};
use testkit::{Answer, eventually};

/// A build and a release end within this.
const PATIENCE: Duration = Duration::from_mins(5);
/// The branch of every story.
pub const MAIN: &str = "refs/heads/main";

impl App<'_> {
    /// Tells that `main` went from one commit to another; what the gateway makes of it, as
    /// `202 accepted`.
    pub async fn told(&self, before: &str, after: &str) -> String {
        self.outcome(&webhook::push(MAIN, before, after, "A push")).await
    }

    /// What the gateway makes of a delivery, as `202 accepted`.
    pub async fn outcome(&self, delivery: &Delivery) -> String {
        outcome(&self.deliver(delivery).await)
    }

    /// `slipway deliveries replay` of the newest delivery; returns when its build has succeeded.
    pub async fn replay_newest_delivery(&self) {
        let builds = self.builds().await.len();
        let mut apps = self.client.clone().apps;
        let listed = apps.list_deliveries(ListDeliveriesRequest::default()).await;
        let newest = listed.expect("a list").into_inner().deliveries.remove(0).name;
        let request_id = uuid::Uuid::new_v4().to_string();
        let request = ReplayDeliveryRequest { name: newest, request_id };
        apps.replay_delivery(request).await.expect("it is handled again");
        eventually("the build of the replayed delivery to succeed", PATIENCE, async || {
            let all = self.builds().await;
            (all.len() > builds && all[0].state() == build::State::Succeeded).then_some(())
        })
        .await;
    }

    /// The newest release, as soon as it is live with `commit`.
    pub async fn live_at(&self, commit: &str) -> Release {
        eventually(&format!("{commit} to be live"), PATIENCE, async || {
            let newest = self.releases().await.into_iter().next()?;
            (newest.state() == State::Live && newest.commit == commit).then_some(newest)
        })
        .await
    }

    /// The same app, seen from another environment.
    #[must_use]
    pub fn in_environment(&self, environment: &'static str) -> Self {
        Self { environment, client: self.client.clone(), ..*self }
    }
}

impl World {
    /// Posts a delivery to any source, signed with any secret.
    pub async fn post_hook(&self, source: &str, secret: &str, delivery: &Delivery) -> Answer {
        let (path, headers) = (format!("/hooks/{source}"), delivery.headers(secret));
        let answer = self.hooks().post(&path, &headers, delivery.body.clone()).await;
        answer.expect("the gateway answers")
    }
}

/// Status and outcome.
pub fn outcome(answer: &Answer) -> String {
    let json = answer.json();
    format!("{} {}", answer.status, json["outcome"].as_str().unwrap_or_default())
}
