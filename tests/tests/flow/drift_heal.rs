//! What was released is restored by itself where the manifest wants that: capacity first, never two at a
//! time, never against somebody.

use crate::watched::Watched;
use proto::v1::Finding;
use proto::v1::environment_drift::State;
use serde_json::json;
use std::time::Duration;
use testkit::{Load, eventually};

/// Longer than a fight takes.
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::test]
async fn what_differs_is_restored_by_itself() {
    let watched = Watched::in_mode("heal").await;
    missing(&watched).await;
    stopped(&watched).await;
    limits_without_a_failed_request(&watched).await;
    watched.world.said("drift.healed", 3).await;
    assert_eq!(watched.app().version().await, "one");
}

#[tokio::test]
async fn what_is_attached_and_how_it_restarts_is_restored_by_itself() {
    let watched = Watched::in_mode("heal").await;
    network(&watched).await;
    restart_policy(&watched).await;
    assert_eq!(watched.app().version().await, "one");
}

#[tokio::test]
async fn what_was_replaced_is_restored_by_itself() {
    let watched = Watched::in_mode("heal").await;
    variables(&watched).await;
    image(&watched).await;
    assert_eq!(watched.app().version().await, "one");
}

async fn missing(watched: &Watched) {
    let before = watched.history().await.len();
    watched.docker(&["rm", "--force", &watched.name()]);
    healed(watched, before).await;
}

async fn stopped(watched: &Watched) {
    let before = watched.history().await.len();
    watched.docker(&["stop", "--time=1", &watched.name()]);
    healed(watched, before).await;
}

async fn limits_without_a_failed_request(watched: &Watched) {
    let users = watched.app().users();
    let load = Load::steady(&users);
    let before = watched.history().await.len();
    watched.docker(&["update", "--memory=128m", "--memory-swap=128m", &watched.name()]);
    healed(watched, before).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
}

async fn network(watched: &Watched) {
    let before = watched.history().await.len();
    watched.docker(&["network", "connect", "bridge", &watched.name()]);
    healed(watched, before).await;
}

async fn restart_policy(watched: &Watched) {
    let before = watched.history().await.len();
    watched.docker(&["update", "--restart=no", &watched.name()]);
    healed(watched, before).await;
}

async fn variables(watched: &Watched) {
    let before = watched.history().await.len();
    watched.remake(None, &["--env", "COLOUR=crimson"]);
    healed(watched, before).await;
    assert_eq!(
        watched.app().users().get("/env").await.expect("answered").json()["COLOUR"],
        "green"
    );
}

async fn image(watched: &Watched) {
    let other = watched.hotfix();
    let before = watched.history().await.len();
    watched.remake(Some(&other), &[]);
    healed(watched, before).await;
    watched.docker(&["image", "rm", "--force", &other]);
}

/// Another container runs as it was released, and nothing else is left, where `before` was the past when it differed.
async fn healed(watched: &Watched, before: usize) {
    eventually("what differed to be healed", PATIENCE, async || {
        let past = watched.history().await;
        let newest = &past[..past.len() - before];
        newest.iter().any(|it| it.outcome == "healed").then_some(())
    })
    .await;
    watched.until(State::InSync).await;
    alone(watched).await;
}

/// What was replaced is gone.
async fn alone(watched: &Watched) {
    eventually("one container to be there, which runs", PATIENCE, async || {
        let docker = &watched.world.docker;
        (docker.running().len() == 1 && docker.containers().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_fights_back_is_not_fought() {
    let watched = Watched::in_mode("heal").await;
    let given_up = loop {
        watched.until(State::InSync).await;
        alone(&watched).await;
        let before = watched.history().await.len();
        watched.docker(&["update", "--memory=128m", "--memory-swap=128m", &watched.name()]);
        if let Some(finding) = healed_or_given_up(&watched, before).await {
            break finding;
        }
    };
    assert!(given_up.heal.contains("healed 3 times"), "{}", given_up.heal);
    assert_eq!(watched.inspect(&watched.name())["HostConfig"]["Memory"], 128 << 20);
    // A person may still ask for it.
    watched.heal().await;
}

/// Nothing when it was healed once more.
async fn healed_or_given_up(watched: &Watched, before: usize) -> Option<Finding> {
    eventually("it to be healed, or the fight to be seen", PATIENCE, async || {
        let findings = watched.now().await?.findings;
        let given_up = findings.into_iter().find(|finding| finding.heal_reason == "HEAL_FIGHT");
        let healed = watched.history().await.len() > before;
        (given_up.is_some() || healed).then_some(given_up)
    })
    .await
}

#[tokio::test]
async fn what_is_not_ours_is_never_touched_not_even_where_ours_should_be() {
    let watched = Watched::in_mode("heal").await;
    let name = watched.name();
    let image = watched.inspect(&name)["Config"]["Image"].as_str().expect("one").to_owned();
    let theirs = watched.world.unseen_by("monitor", || {
        watched.docker(&["rm", "--force", &name]);
        watched.docker(&["create", "--name", &name, &image])
    });
    let finding = eventually("the name to be taken", PATIENCE, async || {
        let findings = watched.now().await?.findings;
        findings.into_iter().find(|finding| finding.heal_reason == "NAME_TAKEN")
    })
    .await;
    assert_eq!(watched.inspect(&name)["Id"], theirs.as_str(), "{finding:?}");
    // That it differs, and that it cannot be healed.
    watched.world.said("drift.detected", 2).await;
    watched.docker(&["rm", &name]);
    watched.until(State::InSync).await;
}

#[tokio::test]
async fn a_monitor_and_a_deployer_that_are_killed_while_they_heal_go_on_afterwards() {
    let slow = json!({"version": "one", "ready_after_s": 4});
    let mut watched = Watched::with("    drift: heal\n", "", &slow).await;
    let before = watched.history().await.len();
    watched.docker(&["update", "--memory=128m", "--memory-swap=128m", &watched.name()]);
    eventually("the repair to begin", PATIENCE, async || {
        (watched.world.docker.containers().len() == 2).then_some(())
    })
    .await;
    watched.world.kill("monitor");
    watched.world.kill("deployer");
    watched.world.resume("deployer");
    watched.world.resume("monitor");
    watched.world.ready().await;
    healed(&watched, before).await;
    assert_eq!(watched.app().version().await, "one");
}

#[tokio::test]
async fn a_table_of_somebody_else_is_told_and_replaced() {
    let mut watched = Watched::in_mode("heal").await;
    // Else it may be healed before anybody asks.
    watched.world.service("monitor").pause();
    watched.world.forge_empty_table().await;
    let answer = watched.app().users().get("/").await.expect("the router answers");
    assert_eq!(answer.status, 404);
    watched.world.service("monitor").go_on();
    healed_routes(&watched).await;
    assert_eq!(watched.app().version().await, "one");
}

async fn healed_routes(watched: &Watched) {
    eventually("the routes to be healed", PATIENCE, async || {
        let past = watched.history().await;
        past.into_iter().find(|it| it.finding.as_ref().is_some_and(|it| it.reason == "ROUTE"))
    })
    .await;
    watched.until(State::InSync).await;
}
