//! Warms the candidate up: requests whose answers do not matter, and time. Every instance gets all of them.

use super::keep::keep;
use super::{Outcome, counted, ready};
use crate::answered::{Answered, together};
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
    let answered = together(join_all(warmed).await);
    let longest = services.values().map(|service| service.warmup.lasts.duration()).max();
    sleep_until(started + longest.unwrap_or_default()).await;
    keep(app, release, &answered).await?;
    let sent = counted(answered.iter().map(|one| one.sent).sum(), "request", "sent");
    let good: usize = answered.iter().map(|one| one.good).sum();
    Ok(format!("{sent}, {good} answered, {:.1} s", started.elapsed().as_secs_f64()))
}

/// What one instance answered, request by request; any answer is as wanted.
async fn warm_one(instance: &Asked, warmup: &Warmup) -> Vec<Answered> {
    let none = BTreeMap::new();
    let mut all = Vec::new();
    for request in &warmup.requests {
        let json = request.json.as_ref();
        let (agent, headers) = ("slipway-warmup", &none);
        let question = Question { agent, call: &request.call, json, headers, within: WITHIN };
        let mut answered = Answered::none(&instance.service, &request.call);
        for _ in 0..request.times {
            let reply = call(instance.address, question).await;
            answered.count(reply.ok().map(|reply| reply.took));
        }
        all.push(answered);
    }
    all
}
