//! Act 7: one command takes a live release back.

use super::engineer::ENVIRONMENT;
use super::team::APP;
use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Context, Result, bail, ensure};
use std::time::{Duration, Instant};

/// How often the users' version is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// It is back within this.
const BACK_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    let arguments =
        ["rollback", APP, ENVIRONMENT, "--reason", "the demonstration wants it", "--wait"];
    tell::command(&arguments);
    let begun = Instant::now();
    let back = async {
        while begun.elapsed() < BACK_WITHIN {
            if users.version().await? == "1.0.0" {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("users did not get version 1.0.0 within {} s", BACK_WITHIN.as_secs())
    };
    let (said, back) = tokio::try_join!(stage.platform.slipway.run(&arguments), back)?;
    let took = begun.elapsed();
    drop(said);
    let during = users.so_far();
    let releases = stage.engineer.releases().await?;
    let release = releases.first().context("there are no releases")?;
    ensure!(release.restores_number == 1, "release {} restores nothing", release.number);
    tell::release_steps(&follow::steps(release));
    tell::taken_back(release, back, took);
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])
}
