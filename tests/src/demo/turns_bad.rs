//! Act 6: a version that turns bad after the switch is sent back.

use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Context, Result, ensure};
use proto::v1::release::State;
use std::time::Duration;

/// The line after which the fault goes in.
const BEFORE: &str = "        self.predictions += 1\n";
/// Good for two hundred requests.
const FAULT: &str = "        self.predictions += 1\n        if self.predictions > 200:\n            \
                     raise RuntimeError(\"the score cache is full\")\n";
/// It is back within this.
const BACK_WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    stage.team.edit("app.py", BEFORE, FAULT)?;
    stage.team.version("1.2.0");
    let push = stage.team.push("Version 1.2.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::release(&stage.engineer, &push, State::RolledBack).await?;
    let during = users.so_far();
    let after = users.calm().await;
    tell::why(Some(release.failure.as_ref().context("a rollback without a reason")?));
    let switch = follow::end_of(&release, "shifting").context("it was never switched to")?;
    let back = follow::end_of(&release, "rolling back").context("it was never sent back")?;
    let took = (back - switch).to_std().unwrap_or_default();
    tell::sent_back(&release, took, &during);
    tell::users(&[("meanwhile", &during), ("after", &after)]);
    ensure!(took < BACK_WITHIN, "the way back took {} s", took.as_secs());
    none_failed(&[&after])?;
    let version = users.version().await?;
    ensure!(version == "1.1.0", "users get version {version} and not 1.1.0");
    stage.team.edit("app.py", FAULT, BEFORE)
}
