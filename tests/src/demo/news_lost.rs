//! Act 10: NATS is killed and loses everything it stored, in the middle of a release.

use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Context, Result, ensure};
use proto::v1::release::State;

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    stage.team.version("1.4.0");
    let push = stage.team.push("Version 1.4.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let at = follow::moving(&stage.engineer, &push).await?;
    // First the files, so that the one that is started again finds none.
    let store = stage.platform.folder.join("nats/store");
    std::fs::remove_dir_all(store).context("lose the store of NATS")?;
    stage.platform.kill("nats")?;
    tell::struck(&format!("NATS is killed while the release is {at}, and its store is lost"));
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    let during = users.so_far();
    tell::live(&release, &push);
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])?;
    let version = users.version().await?;
    ensure!(version == "1.4.0", "users get version {version} and not 1.4.0");
    Ok(())
}
