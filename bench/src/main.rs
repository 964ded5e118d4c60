//! Benchmarks against peers and limits. Every number is a ratio of two things measured in the same run.
#![expect(clippy::print_stdout, reason = "figures are for people who wait for them")]

mod router;
mod webhook;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Requests per second and latency against nginx, `HAProxy` and Caddy.
    Router(router::Options),
    /// Webhooks accepted durably against plain Postgres.
    Webhook(webhook::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().what {
        What::Router(options) => router::run(options).await,
        What::Webhook(options) => webhook::run(options).await,
    }
}
