//! Act 14: what users send is not what the model was trained on any more. It is told and filed, somebody agrees to a
//! retraining, and the new model comes to users as every release does; what became of transactions shows how good both are.

use super::canary::{OWN, STAGED, agree};
use super::engineer::ENVIRONMENT;
use super::team::APP;
use super::users::{none_failed, truths};
use super::{Stage, Users, follow, tell};
use anyhow::{Context, Result, ensure};
use proto::v1::release::State;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How many times higher prices are; `ledger.py` of the example knows of it, too.
const RISE: f64 = 3.0;
/// How often one looks.
const LOOK: Duration = Duration::from_millis(500);
/// Whatever is waited for comes within this.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) async fn play(stage: &Stage, users: Users) -> Result<Users> {
    stage.team.edit("slipway.yaml", STAGED, OWN)?;
    stage.team.version("2.1.0");
    let push = stage.team.push("Version 2.1.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    tell::live(&release, &push);
    users.stop().await;
    let users = Users::paying(&stage.platform, RISE)?;
    tell::shifted(RISE);
    let begun = Instant::now();
    let drifted = until(stage, "drift").await?;
    tell::data_drift(&drifted, begun.elapsed());
    let issue = filed(stage, "open").await?;
    tell::issue(&issue, begun.elapsed());
    tell_truths(stage).await?;
    retrain(stage).await?;
    let begun = Instant::now();
    let clear = until(stage, "no_drift").await?;
    tell::data_drift(&clear, begun.elapsed());
    tell::issue(&filed(stage, "closed").await?, begun.elapsed());
    tell_truths(stage).await?;
    quality(stage).await?;
    let during = users.so_far();
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])?;
    Ok(users)
}

/// The bank tells what became of the transactions of late, somebody agrees, and what the job pushes is released.
async fn retrain(stage: &Stage) -> Result<()> {
    let before = stage.team.head();
    let commands: [&[&str]; 2] = [
        &["run", APP, "ledger", "--environment", ENVIRONMENT],
        &["retrain", APP, "--environment", ENVIRONMENT, "--reason", "prices rose"],
    ];
    for command in commands {
        tell::command(command);
        tell::output(&stage.platform.slipway.run(command).await?);
    }
    let push = stage.team.pushed(&before).await?;
    follow::build(&stage.engineer, &push).await?;
    let judged = follow::judged(&stage.engineer, &push).await?;
    if judged.state() != State::Live {
        // A model that says something else than the one before asks a person, who wanted that.
        agree(stage, judged).await?;
    }
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    ensure!(release.cause == "retrain", "release {} came of {}", release.number, release.cause);
    tell::live(&release, &push);
    Ok(())
}

/// The bank tells what became of the transactions of late.
async fn tell_truths(stage: &Stage) -> Result<()> {
    let file = stage.platform.folder.join("frauds.csv");
    std::fs::write(&file, truths(RISE)?).context("write what became of transactions")?;
    let file =
        file.to_str().context("the folder of the demonstration has a name that is no text")?;
    let command = ["drift", "truth", APP, ENVIRONMENT, file];
    tell::command(&command);
    tell::output(&stage.platform.slipway.run(&command).await?);
    Ok(())
}

/// How good the new model is by that, and how good the one before it was.
async fn quality(stage: &Stage) -> Result<()> {
    let show = ["drift", "show", APP, ENVIRONMENT];
    tell::command(&show);
    let said = stage.platform.slipway.said(&show).await?;
    let models = said["models"].as_array().context("no model is known")?;
    for (name, model) in ["new model", "old model"].into_iter().zip(models) {
        tell::quality(name, model);
    }
    Ok(())
}

/// What `slipway drift check` says, once it says this.
async fn until(stage: &Stage, wanted: &str) -> Result<Value> {
    let check = ["drift", "check", APP, ENVIRONMENT];
    tell::command(&check);
    let begun = Instant::now();
    loop {
        // Until the monitor knows what is live it has nothing to say.
        let said = stage.platform.slipway.said(&check).await.unwrap_or_default();
        let verdict = said["data_drift"]["verdict"].as_str().unwrap_or_default().to_lowercase();
        if verdict.trim_start_matches("verdict_") == wanted {
            return Ok(said["data_drift"].clone());
        }
        ensure!(begun.elapsed() < PATIENCE, "data are {verdict:?} and not {wanted}");
        tokio::time::sleep(LOOK).await;
    }
}

/// The issue about data, once it is in this state.
async fn filed(stage: &Stage, wanted: &str) -> Result<Value> {
    let begun = Instant::now();
    loop {
        let about =
            |issue: &Value| issue["title"].as_str().is_some_and(|it| it.starts_with("Data"));
        let found = stage.github.issues().into_iter().rfind(about);
        if let Some(issue) = found.filter(|issue| issue["state"] == wanted) {
            return Ok(issue);
        }
        ensure!(begun.elapsed() < PATIENCE, "no issue about data is {wanted}");
        tokio::time::sleep(LOOK).await;
    }
}
