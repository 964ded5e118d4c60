//! Act 3: a push becomes a release.

use super::{Stage, follow, tell, users};
use anyhow::{Result, ensure};
use proto::v1::release::State;
use testkit::Http;

pub(super) async fn play(stage: &Stage) -> Result<()> {
    let push = stage.team.push("Score card transactions").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    tell::live(&release, &push);
    let http = Http::new(stage.platform.address("traffic")?, users::HOST);
    let answer = http.get("/version").await?;
    ensure!(answer.status == 200, "/version answers {} {}", answer.status, answer.text());
    tell::answer(&format!("{}/version", stage.platform.url("traffic")), users::HOST, &answer);
    Ok(())
}
