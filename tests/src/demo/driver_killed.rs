//! Act 9: the deployer is killed in the middle of a release.

use super::{Stage, Users, struck};
use anyhow::Result;

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    struck::release(stage, users, "1.3.0", |platform, at| {
        platform.kill("deployer")?;
        Ok(format!("the deployer is killed (SIGKILL) while the release is {at}"))
    })
    .await
}
