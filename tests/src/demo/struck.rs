//! A release in the middle of which something is struck: it is completed, and users notice nothing.

use super::users::none_failed;
use super::{Platform, Stage, Users, follow, tell};
use anyhow::{Result, ensure};
use proto::v1::release::State;

/// Pushes `version`, and lets `strike` do harm and say what it did as soon as the release is under way.
pub(super) async fn release(
    stage: &Stage,
    users: &Users,
    version: &str,
    strike: impl FnOnce(&Platform, &str) -> Result<String>,
) -> Result<()> {
    drop(users.so_far());
    stage.team.version(version);
    let push = stage.team.push(&format!("Version {version}")).await?;
    follow::build(&stage.engineer, &push).await?;
    let at = follow::moving(&stage.engineer, &push).await?;
    tell::struck(&strike(&stage.platform, &at)?);
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    let during = users.so_far();
    tell::live(&release, &push);
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])?;
    let now = users.version().await?;
    ensure!(now == version, "users get version {now} and not {version}");
    Ok(())
}
