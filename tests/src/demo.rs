//! The demonstration: the platform as people run it, a team that pushes, users that never stop asking. Each
//! act ends by itself, shows what happened and when, and fails when it is not what was promised.

mod canary;
mod changed_by_hand;
mod drifts;
mod driver_killed;
mod engineer;
mod first;
mod follow;
mod never_ready;
mod news_lost;
mod platform;
mod replaced;
mod slipway;
mod struck;
mod table;
mod taken_back;
mod team;
pub mod tell;
mod turns_bad;
mod users;

use anyhow::{Context, Result};
use engineer::Engineer;
use platform::Platform;
use std::path::PathBuf;
use team::Team;
use testkit::GitHub;
use users::Users;

/// Everything on the stage.
#[derive(Debug)]
struct Stage {
    platform: Platform,
    team: Team,
    engineer: Engineer,
    github: GitHub,
}

/// Plays all acts on a platform that begins anew, and leaves it running.
pub async fn play() -> Result<()> {
    let begun = std::time::Instant::now();
    tell::act(1);
    let github = GitHub::start().await;
    let platform = Platform::start(&folder()?, &github).await?;
    tell::act(2);
    let team = Team::register(&platform).await?;
    let engineer = Engineer::new(&platform)?;
    let stage = Stage { platform, team, engineer, github };
    tell::act(3);
    first::play(&stage).await?;
    let users = Users::start(&stage.platform)?;
    tell::act(4);
    replaced::play(&stage, &users).await?;
    tell::act(5);
    never_ready::play(&stage, &users).await?;
    tell::act(6);
    turns_bad::play(&stage, &users).await?;
    tell::act(7);
    taken_back::play(&stage, &users).await?;
    tell::act(8);
    changed_by_hand::play(&stage, &users).await?;
    tell::act(9);
    driver_killed::play(&stage, &users).await?;
    tell::act(10);
    news_lost::play(&stage, &users).await?;
    tell::act(11);
    canary::worse(&stage, &users).await?;
    tell::act(12);
    let users = canary::untold(&stage, users).await?;
    tell::act(13);
    canary::promoted(&stage, &users).await?;
    tell::act(14);
    let users = drifts::play(&stage, users).await?;
    users.stop().await;
    tell::end(&stage.platform, &stage.engineer.releases().await?, begun.elapsed());
    Ok(())
}

/// Ends what [`play`] left running.
pub async fn stop() -> Result<()> {
    platform::stop(&folder()?).await
}

fn folder() -> Result<PathBuf> {
    let folder = std::env::var_os("SLIPWAY_DATA").map(PathBuf::from);
    folder.context("SLIPWAY_DATA must name the folder of the demonstration; `make demo` sets it")
}
