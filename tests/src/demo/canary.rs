//! Acts 11 to 13: a share of the traffic first; what is worse goes back, what cannot be told is a person's to decide, and
//! what was proved in staging comes to production when somebody agrees.

use super::engineer::ENVIRONMENT;
use super::team::APP;
use super::users::none_failed;
use super::{Stage, Users, follow, tell};
use anyhow::{Context, Result, ensure};
use proto::v1::Release;
use proto::v1::release::State;

/// How the manifest says that a release takes over until now, and from now on.
const BEFORE: &str = "    strategy: blue_green";
const CANARY: &str =
    "    strategy: { canary: { steps: [50, 100], hold: 2s, analysis: { p95: 100% } } }";
/// The line after which the fault goes in: one answer in ten.
const GOOD: &str = "        self.predictions += 1\n";
const BAD: &str = "        self.predictions += 1\n        if self.predictions % 10 == 0:\n            \
                   raise RuntimeError(\"the feature store does not answer\")\n";
/// Where production takes releases from, and from when on.
pub(super) const OWN: &str = "  production:\n    track: { branch: main }\n";
pub(super) const STAGED: &str = "  staging:\n    track: { tag: \"v*\" }\n    host: staging.fraud.localhost\n    bake: 1s\n  \
                      production:\n    promote_from: { environment: staging, soak: 3s }\n    approval: 1\n";

/// A tenth of its answers are errors: the analysis sends it back.
pub(super) async fn worse(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    stage.team.edit("slipway.yaml", BEFORE, CANARY)?;
    stage.team.edit("app.py", GOOD, BAD)?;
    stage.team.version("1.5.0");
    let push = stage.team.push("Version 1.5.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::release(&stage.engineer, &push, State::RolledBack).await?;
    let during = users.so_far();
    let after = users.calm().await;
    let failure = release.failure.as_ref().context("a rollback without a reason")?;
    ensure!(failure.reason == "ANALYSIS_FAILED", "it went back for {}", failure.reason);
    tell::why(Some(failure));
    tell::users(&[("meanwhile", &during), ("after", &after)]);
    none_failed(&[&after])?;
    stage.team.edit("app.py", BAD, GOOD)
}

/// Nobody asks: nothing can be told, and a person is asked.
pub(super) async fn untold(stage: &Stage, users: Users) -> Result<Users> {
    users.stop().await;
    stage.team.version("1.6.0");
    let push = stage.team.push("Version 1.6.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let release = follow::undecided(&stage.engineer, &push).await?;
    agree(stage, release).await?;
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    tell::live(&release, &push);
    Users::start(&stage.platform)
}

/// A person whom a canary asks lets it go on.
pub(super) async fn agree(stage: &Stage, release: Release) -> Result<()> {
    tell::asks(&release.canary.unwrap_or_default().sentence);
    let promote = ["promote", APP, ENVIRONMENT];
    tell::command(&promote);
    stage.platform.slipway.run(&promote).await?;
    Ok(())
}

/// A tag goes to staging, and from there, without a build, to production when somebody agrees.
pub(super) async fn promoted(stage: &Stage, users: &Users) -> Result<()> {
    drop(users.so_far());
    stage.team.edit("slipway.yaml", OWN, STAGED)?;
    stage.team.version("2.0.0");
    let push = stage.team.push_tag("v2.0.0").await?;
    follow::build(&stage.engineer, &push).await?;
    let staged = follow::release_in(&stage.engineer, "staging", &push, State::Live).await?;
    tell::live(&staged, &push);
    follow::awaited(&stage.engineer, &push).await?;
    let approve = ["approve", APP, "--reason", "staging looks good"];
    tell::command(&approve);
    stage.platform.slipway.run(&approve).await?;
    let release = follow::release(&stage.engineer, &push, State::Live).await?;
    let during = users.so_far();
    tell::live(&release, &push);
    tell::users(&[("meanwhile", &during)]);
    none_failed(&[&during])?;
    let image = |release: &Release| release.services.first().and_then(|it| it.image.clone());
    ensure!(image(&release) == image(&staged), "production runs another image than staging");
    let version = users.version().await?;
    ensure!(version == "2.0.0", "users get version {version} and not 2.0.0");
    Ok(())
}
