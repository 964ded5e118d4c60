//! Act 10: NATS is killed and loses everything it stored, in the middle of a release.

use super::{Stage, Users, struck};
use anyhow::{Context, Result};

pub(super) async fn play(stage: &Stage, users: &Users) -> Result<()> {
    struck::release(stage, users, "1.4.0", |platform, at| {
        // First the files, so that the one that is started again finds none.
        std::fs::remove_dir_all(platform.folder.join("nats/store"))
            .context("lose the store of NATS")?;
        platform.kill("nats")?;
        Ok(format!("NATS is killed while the release is {at}, and its store is lost"))
    })
    .await
}
