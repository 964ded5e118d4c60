//! Act 8: a running container is changed behind everybody's back.

use super::engineer::ENVIRONMENT;
use super::team::APP;
use super::users::none_failed;
use super::{Stage, Users, tell};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often drift is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// It is told, and it is healed, within this.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    let docker = stage.platform.docker()?;
    let container = docker.running().remove(0);
    let command = ["update", "--memory", "200m", "--memory-swap", "200m", &container];
    tell::by_hand(&["docker", "update", "--memory", "200m", &container]);
    docker.run(&command);
    let begun = Instant::now();
    let drifted = until(stage, "drifted").await?;
    tell::drift(&drifted, begun.elapsed());
    let heal = ["drift", "heal", APP, ENVIRONMENT];
    tell::command(&heal);
    let begun = Instant::now();
    stage.platform.slipway.run(&heal).await?;
    until(stage, "in_sync").await?;
    tell::healed(begun.elapsed());
    let during = users.so_far();
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])
}

/// What `slipway drift` says, once it says this.
async fn until(stage: &Stage, state: &str) -> Result<Value> {
    let begun = Instant::now();
    loop {
        let said = stage.platform.slipway.said(&["drift", APP, ENVIRONMENT]).await?;
        let now = said["state"].as_str().unwrap_or_default().to_lowercase();
        if now.trim_start_matches("state_") == state {
            return Ok(said);
        }
        ensure!(begun.elapsed() < PATIENCE, "drift is {now} and not {state}");
        tokio::time::sleep(LOOK).await;
    }
}
