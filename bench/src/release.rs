//! A push of the demo app, from the answer to its webhook until it is live, over the floor: what the same
//! build, push and start cost on the bare engine. Rounds of both are interleaved. The bake is not counted,
//! because its length is the team's choice.

use crate::floor::{self, Took};
use crate::platform::{Platform, instant};
use crate::sample::{median_time, ratio, seconds};
use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use proto::v1::release::State;
use proto::v1::{Build, GetBuildRequest, Release};
use std::time::{Duration, SystemTime};
use stories::{App, fixture};
use testkit::Repo;

/// More than this over the floor is too much.
const WANTED: Duration = Duration::from_millis(500);
const APP: &str = "fraud-api";
/// The stage of the example that runs.
const TARGET: &str = "runtime";
/// Seen by users from the end of this state on.
const SHIFTING: &str = "shifting";
const BAKING: &str = "baking";
/// Without the check and the bake of the example, which the bare way has not either.
const MANIFEST: &str = "\
version: 1
app: fraud-api
services:
  api:
    build: { context: ., dockerfile: Dockerfile, target: runtime }
    http: { port: 8000 }
    env: { MODEL_PATH: models/model.json }
    health:
      ready: { get: /ready, initial_delay: 0s, period: 1s, timeout: 1s, failures: 3 }
      start_period: 3s
      gate: 20s
    resources: { cpus: 1, memory: 256MiB, pids: 64 }
    stop: { drain: 5s, grace: 10s }
environments:
  production:
    track: { branch: main }
    host: fraud.localhost
    bake: 0s
";

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each side is measured.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// A point on the way, by name.
type Mark = (String, SystemTime);

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let platform = Platform::start().await?;
    let repo = Repo::init();
    repo.copy(&fixture::example(APP)).write("slipway.yaml", MANIFEST);
    repo.commit("The demo app");
    let app = platform.world.register(APP, &repo).await;
    let repository = platform.repository("floor");
    let (mut floors, mut pushes) = (Vec::new(), Vec::new());
    // The first of both is not counted: layers and blobs are not there yet.
    for round in 0..=options.rounds {
        repo.write("VERSION", &format!("bare-{round}\n"));
        let image = (repository.as_str(), format!("r{round}"));
        let image = (image.0, image.1.as_str(), TARGET);
        let took = floor::round(&platform.engine, repo.path(), image).await?;
        repo.write("VERSION", &format!("pushed-{round}\n"));
        let marks = push(&platform, &app, i64::try_from(round)? + 1).await?;
        if round == 0 {
            continue;
        }
        let (live, answers) = (total(&marks), until(&marks, SHIFTING));
        println!(
            "round {round}  floor {}  live {}  answers users {}",
            seconds(took.total()),
            seconds(live),
            seconds(answers)
        );
        floors.push(took);
        pushes.push(marks);
    }
    explain(&floors, &pushes);
    Ok(judge(&floors, &pushes))
}

/// Pushes what the repository holds now; the points on the way until it is live.
async fn push(platform: &Platform, app: &App<'_>, number: i64) -> Result<Vec<Mark>> {
    app.push("A new version").await;
    let accepted = SystemTime::now();
    let release = platform.until(APP, number, State::Live).await?;
    let request = GetBuildRequest { name: release.build.clone() };
    let build = platform.client.clone().builds.get_build(request).await?.into_inner().build;
    marks(accepted, &build.context("no build in the answer")?, &release)
}

/// The points by the times that are stored on the build and on the release.
fn marks(accepted: SystemTime, build: &Build, release: &Release) -> Result<Vec<Mark>> {
    let mut marks: Vec<Mark> = vec![
        ("accepted".to_owned(), accepted),
        ("heard by the builder".to_owned(), instant(build.create_time.as_ref())?),
        ("begun".to_owned(), instant(build.start_time.as_ref())?),
    ];
    for step in &build.steps {
        marks.push((step.step.clone(), instant(step.end_time.as_ref())?));
    }
    marks.push(("recorded".to_owned(), instant(build.end_time.as_ref())?));
    marks.push(("heard by the deployer".to_owned(), instant(release.create_time.as_ref())?));
    for step in release.steps.iter().filter(|step| step.step != "live") {
        marks.push((step.step.clone(), instant(step.end_time.as_ref())?));
    }
    Ok(marks)
}

/// What lies between each point and the one before it.
fn parts(marks: &[Mark]) -> impl Iterator<Item = (&str, Duration)> {
    marks.windows(2).map(|pair| {
        let [(_, before), (name, at)] = pair else { unreachable!("windows of two") };
        (name.as_str(), at.duration_since(*before).unwrap_or_default())
    })
}

/// All of it but the bake.
fn total(marks: &[Mark]) -> Duration {
    parts(marks).filter(|(name, _)| *name != BAKING).map(|(_, took)| took).sum()
}

/// From the first point to the one called `last`.
fn until(marks: &[Mark], last: &str) -> Duration {
    let position = marks.iter().position(|(name, _)| name == last).unwrap_or(marks.len() - 1);
    total(&marks[..=position])
}

fn explain(floors: &[Took], pushes: &[Vec<Mark>]) {
    let floor = Took::median(floors);
    println!("\nfloor, median of {} rounds", floors.len());
    for (name, took) in [
        ("build", floor.build),
        ("push", floor.push),
        ("create and start", floor.start),
        ("first 200", floor.ready),
    ] {
        println!("  {name:<24}{}", seconds(took));
    }
    println!("push, median of {} rounds", pushes.len());
    let Some(first) = pushes.first() else { return };
    for (name, _) in first.iter().skip(1) {
        let of = |marks: &Vec<Mark>| {
            parts(marks).find(|(part, _)| part == name).map(|(_, took)| took).unwrap_or_default()
        };
        let times = || pushes.iter().map(of);
        let range = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
        println!(
            "  {name:<24}{}  ({} to {})",
            seconds(median_time(times())),
            seconds(range.0),
            seconds(range.1)
        );
    }
}

fn judge(floors: &[Took], pushes: &[Vec<Mark>]) -> Vec<Line> {
    let floor = median_time(floors.iter().map(Took::total));
    let live = median_time(pushes.iter().map(|marks| total(marks)));
    let answers = median_time(pushes.iter().map(|marks| until(marks, SHIFTING)));
    let beside = format!("floor {}", seconds(floor));
    let over = |time: Duration| time.saturating_sub(floor);
    vec![
        Line::new(
            "push accepted to live, over the floor (no bake)",
            format!("{} ({} in all)", seconds(over(live)), seconds(live)),
        )
        .beside(&beside, ratio(live, floor))
        .goal(format!("<= {}", seconds(WANTED)), over(live) <= WANTED),
        Line::new(
            "push accepted to answering all users, over the floor",
            format!("{} ({} in all)", seconds(over(answers)), seconds(answers)),
        )
        .beside(&beside, ratio(answers, floor)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bake_is_not_counted() {
        let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        let points = [("accepted", 0), ("starting", 300), (SHIFTING, 310), (BAKING, 5310)];
        let mut marks = points.map(|(name, ms)| (name.to_owned(), at(ms))).to_vec();
        marks.push(("settling".to_owned(), at(5400)));
        assert_eq!(total(&marks), Duration::from_millis(400));
        assert_eq!(until(&marks, SHIFTING), Duration::from_millis(310));
    }
}
