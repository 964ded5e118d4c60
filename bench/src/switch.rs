//! Blue-green releases one after the other while users ask without a pause: nobody may notice. Beside it, what
//! the same users see while nothing is released.

use crate::platform::{BLUE_GREEN, Manifest, Platform, host};
use crate::sample::{milliseconds, ratio, seconds};
use crate::table::Line;
use anyhow::Result;
use clap::Args;
use proto::v1::release::State;
use std::time::Duration;
use testkit::{Load, Repo, Report};
use tokio::time::Instant;

const APP: &str = "switch";

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Releases, one after the other.
    #[arg(long, default_value_t = 100)]
    releases: usize,
    /// Users at the same time.
    #[arg(long, default_value_t = 4)]
    users: usize,
    /// Milliseconds from an answer to the same user's next question.
    #[arg(long, default_value_t = 5)]
    pause: u64,
    /// Seconds of users without releases, for comparison.
    #[arg(long, default_value_t = 10)]
    quiet: u64,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let platform = Platform::start().await?;
    let images = [platform.image("blue").await?, platform.image("green").await?];
    platform.register(APP, &Repo::init()).await?;
    release(&platform, 0, &images).await?;
    let users = platform.world.users(&host(APP));
    let load = Load::start(&users, "/", options.users, Duration::from_millis(options.pause));
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(load.lap());
    tokio::time::sleep(Duration::from_secs(options.quiet)).await;
    let quiet = load.lap();
    println!("no releases   {}", describe(&quiet));
    let started = Instant::now();
    for number in 1..=options.releases {
        release(&platform, number, &images).await?;
        if number % 10 == 0 {
            println!("{number:>3} releases  {}", seconds(started.elapsed()));
        }
    }
    let each = started.elapsed() / u32::try_from(options.releases)?;
    let switching = load.stop().await;
    println!("{} releases  {}", options.releases, describe(&switching));
    Ok(judge(options.releases, each, &quiet, &switching))
}

async fn release(platform: &Platform, number: usize, images: &[String; 2]) -> Result<()> {
    let manifest = Manifest { app: APP, strategy: BLUE_GREEN, bake: "0s", number };
    let number = platform.deploy(&manifest, &images[number % 2]).await?;
    platform.until(APP, number, State::Live).await?;
    Ok(())
}

fn describe(report: &Report) -> String {
    let at = |quantile| milliseconds(report.quantile(quantile));
    let (sent, failed) = (report.sent, report.failed());
    let failure = report.first_failure.as_deref().unwrap_or_default();
    format!("{sent} requests, {failed} failed  p50 {}  p99 {}  {failure}", at(0.5), at(0.99))
}

fn judge(releases: usize, each: Duration, quiet: &Report, switching: &Report) -> Vec<Line> {
    let (p50, p99) = (switching.quantile(0.5), switching.quantile(0.99));
    vec![
        Line::new(
            format!("failed requests over {releases} blue-green releases"),
            format!("{} of {}", switching.failed(), switching.sent),
        )
        .goal("0", switching.failed() == 0),
        Line::new("p99 of users meanwhile", milliseconds(p99)).beside(
            format!("no releases: {}", milliseconds(quiet.quantile(0.99))),
            ratio(p99, quiet.quantile(0.99)),
        ),
        Line::new("p50 of users meanwhile", milliseconds(p50)).beside(
            format!("no releases: {}", milliseconds(quiet.quantile(0.5))),
            ratio(p50, quiet.quantile(0.5)),
        ),
        Line::new("one release of a prepared image", seconds(each)),
    ]
}
