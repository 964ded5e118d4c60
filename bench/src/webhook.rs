//! Webhooks accepted durably against plain Postgres that commits the same rows: the program as it runs for
//! users, on one side signed pushes over HTTP, on the other the same inserts in one transaction by
//! `pgbench`, at the same concurrency, in interleaved rounds. Then the time to an answer at half that rate.

mod load;
mod plain;
mod program;

use crate::sample::{median, median_time, milliseconds, ratio};
use crate::table::Line;
use anyhow::{Context, Result, ensure};
use clap::Args;
use load::Load;
use program::Program;
use std::time::Duration;
use testkit::Database;

/// A slower answer than this at half the rate is too slow.
const WANTED_P99: Duration = Duration::from_millis(50);
/// Of the rate of plain Postgres.
const WANTED_SHARE: f64 = 0.7;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each side is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Deliveries in flight, and clients of plain Postgres.
    #[arg(long, default_value_t = 32)]
    connections: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let database = Database::create(&testkit::variable("SLIPWAY_TEST_DATABASE_URL")).await;
    let program = Program::start(&stories::program("gateway"), &database.url()).await?;
    let load = Load { address: program.hooks, connections: options.connections };
    let (time, plainly) = (Duration::from_secs(options.seconds.into()), database.url());
    let (mut plain_rates, mut rates) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let plain = plain::rate(&plainly, options.connections, options.seconds).await?;
        println!("round {round}  postgres {plain:>7.0} transactions/s");
        let taken = load.closed(time).await?;
        let rate = f64::from(taken.accepted) / time.as_secs_f64();
        println!("round {round}  slipway  {rate:>7.0} deliveries/s     {}", taken.quantiles());
        ensure!(taken.refused == 0, "{} deliveries were not accepted", taken.refused);
        plain_rates.push(plain);
        rates.push(rate);
    }
    let (plain, rate) = (median(plain_rates), median(rates));
    let half = plain / 2.0;
    let (mut plain_p99, mut p99) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let beside = plain::paced(&plainly, options.connections, options.seconds, half).await?;
        let paced = load.paced(half, time).await.context("at half the rate")?;
        ensure!(paced.refused == 0, "{} deliveries were not accepted", paced.refused);
        println!("round {round}  at {half:.0}/s  postgres p99 {}", milliseconds(beside));
        println!("round {round}  at {half:.0}/s  slipway  {}", paced.quantiles());
        plain_p99.push(beside);
        p99.push(paced.quantile(0.99));
    }
    let (plain_p99, p99) = (median_time(plain_p99), median_time(p99));
    Ok(vec![
        Line::new("webhooks accepted durably", format!("{rate:.0} /s"))
            .beside(format!("plain Postgres {plain:.0} /s"), rate / plain)
            .goal(format!(">= {WANTED_SHARE}"), rate / plain >= WANTED_SHARE),
        Line::new(format!("p99 of webhooks at {half:.0} /s"), milliseconds(p99))
            .beside(format!("plain Postgres {}", milliseconds(plain_p99)), ratio(p99, plain_p99))
            .goal(format!("<= {}", milliseconds(WANTED_P99)), p99 <= WANTED_P99),
    ])
}
