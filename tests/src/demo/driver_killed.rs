//! Act 9: the deployer is killed in the middle of a release.

use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Result, ensure};
use proto::v1::release::State;

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    stage.team.version("1.3.0");
    let push = stage.team.push("Version 1.3.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let at = follow::moving(&stage.engineer, &push).await?;
    stage.platform.kill("deployer")?;
    tell::struck(&format!("the deployer is killed (SIGKILL) while the release is {at}"));
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    let during = users.so_far();
    tell::live(&release, &push);
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])?;
    let version = users.version().await?;
    ensure!(version == "1.3.0", "users get version {version} and not 1.3.0");
    Ok(())
}
