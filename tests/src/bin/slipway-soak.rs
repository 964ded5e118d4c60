//! Releases, load and random faults for half an hour, and what grows meanwhile.
//! Usage: `slipway-soak [MINUTES [SEED]]`.

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};
use stories::crash::{Ground, Stage};
use stories::soak::{Diary, Round, look};

/// As long as the slopes need to be told from noise.
const MINUTES: u64 = 30;
/// Lives shorter than this part of the soak say nothing.
const LEAST: u32 = 3;
/// More than this in an hour is a leak.
const MOST_MIB: f64 = 24.0;
const MOST_FILES: f64 = 30.0;
const MOST_THREADS: f64 = 6.0;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "what a program says")]
async fn main() -> Result<()> {
    let mut given = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let minutes = given.next().transpose().context("MINUTES is a number")?.unwrap_or(MINUTES);
    let seed = given.next().transpose().context("SEED is a number")?.unwrap_or_else(rand::random);
    println!("{minutes} minutes, seed {seed}");
    let (mut random, mut diary) = (StdRng::seed_from_u64(seed), Diary::default());
    let mut stage = Stage::on(Ground::Usual).await;
    let (begun, whole) = (Instant::now(), Duration::from_secs(60 * minutes));
    let (mut rounds, mut sent, mut lost) = (0_u32, 0_u64, 0_u64);
    while begun.elapsed() < whole {
        let round = Round::any(&mut random);
        let users = round.play(&mut stage).await;
        (rounds, sent, lost) = (rounds + 1, sent + users.sent, lost + users.failed());
        println!("{:>6.1} min  {}", begun.elapsed().as_secs_f64() / 60.0, round.name());
        diary.note(begun.elapsed(), look(&stage.world).await?);
    }
    println!("\n{rounds} rounds, {sent} requests, {lost} lost; more in an hour:");
    println!("{:<12}{:>10}{:>12}{:>10}{:>10}", "what", "seen for", "MiB", "files", "threads");
    let growth = diary.growth(whole / LEAST);
    for (name, lasted, grew) in &growth {
        let (minutes, mib) = (lasted.as_secs_f64() / 60.0, grew.bytes / 1_048_576.0);
        println!(
            "{name:<12}{minutes:>6.1} min{mib:>12.2}{:>10.1}{:>10.1}",
            grew.files, grew.threads
        );
    }
    ensure!(!growth.is_empty(), "nothing lived long enough to say how it grows");
    for (name, lasted, grew) in growth.iter().filter(|(name, ..)| !name.contains("data")) {
        let fits = grew.bytes / 1_048_576.0 <= MOST_MIB
            && grew.files <= MOST_FILES
            && grew.threads <= MOST_THREADS;
        ensure!(fits, "{name} grows: {grew:?} an hour, seen for {} s", lasted.as_secs());
    }
    Ok(())
}
