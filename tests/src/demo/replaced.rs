//! Act 4: a second version replaces the first under load.

use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Result, ensure};
use proto::v1::release::State;

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    let before = users.calm().await;
    stage.team.version("1.1.0");
    let push = stage.team.push("Version 1.1.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    let during = users.so_far();
    let after = users.calm().await;
    tell::live(&release, &push);
    tell::users(&[("before", &before), ("meanwhile", &during), ("after", &after)]);
    none_failed(&[&before, &during, &after])?;
    let version = users.version().await?;
    ensure!(version == "1.1.0", "users get version {version} and not 1.1.0");
    Ok(())
}
