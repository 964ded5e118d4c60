//! Warms the candidate up: requests whose answers do not matter, and time. Every instance gets all of them.

use super::{Outcome, counted, ready};
use crate::app::App;
use crate::candidate::{self, Asked};
use crate::db::release::Release;
use crate::probe::{Question, call};
use futures_util::future::join_all;
use manifest::Warmup;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What takes longer warms nothing that is waited for.
const WITHIN: Duration = Duration::from_secs(30);

/// Sends every warm-up request and waits out the time of the slowest service.
pub(crate) async fn warm(app: &App, release: &Release) -> Result<String, Outcome> {
    ready::bring_up(app, release).await?;
    let instances = candidate::instances(app, release).await;
    let instances = instances.map_err(|error| Outcome::again(&error))?;
    let services = &release.content.resolved.services;
    let started = Instant::now();
    let warmed = instances.iter().filter_map(|instance| {
        services.get(&instance.service).map(|service| warm_one(instance, &service.warmup))
    });
    let (sent, answered) = join_all(warmed)
        .await
        .into_iter()
        .fold((0, 0), |sum, one: (usize, usize)| (sum.0 + one.0, sum.1 + one.1));
    let longest = services.values().map(|service| service.warmup.lasts.duration()).max();
    sleep_until(started + longest.unwrap_or_default()).await;
    let requests = counted(sent, "request", "sent");
    Ok(format!("{requests}, {answered} answered, {:.1} s", started.elapsed().as_secs_f64()))
}

/// How many requests were sent, and how many of them answered.
async fn warm_one(instance: &Asked, warmup: &Warmup) -> (usize, usize) {
    let none = BTreeMap::new();
    let (mut sent, mut answered) = (0, 0);
    for request in &warmup.requests {
        let json = request.json.as_ref();
        let agent = "slipway-warmup";
        let headers = &none;
        let question = Question { agent, call: &request.call, json, headers, within: WITHIN };
        for _ in 0..request.times {
            sent += 1;
            answered += usize::from(call(instance.address, question).await.is_ok());
        }
    }
    (sent, answered)
}
