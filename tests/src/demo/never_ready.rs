//! Act 5: a version that never gets ready never gets users.

use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Context, Result, ensure};
use proto::v1::release::State;

/// The model that is in the repository.
const MODEL: &str = "MODEL_PATH: models/model.json";
/// One that is not.
const MISSING: &str = "MODEL_PATH: models/next.json";

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    stage.team.edit("slipway.yaml", MODEL, MISSING)?;
    let push = stage.team.push("Use the next model").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::release(&stage.engineer, &push, State::Failed).await?;
    let during = users.so_far();
    tell::why(Some(release.failure.as_ref().context("a failed release without a reason")?));
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])?;
    let version = users.version().await?;
    ensure!(version == "1.1.0", "users get version {version} and not 1.1.0");
    stage.team.edit("slipway.yaml", MISSING, MODEL)
}
