//! The router against nginx, `HAProxy` and Caddy as reverse proxies of the same two upstream servers: one worker each,
//! connections kept open on both sides, weights 9:1, forwarding headers and access log on. Rounds are interleaved, so
//! that a noisy machine is noisy for all.

pub(crate) mod peers;
pub(crate) mod wrk;

use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use peers::{Peer, Ports};
use std::time::Duration;
use tokio::net::TcpStream;
use wrk::Figures;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often every proxy is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Connections of the load.
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Only these, by name.
    #[arg(long)]
    only: Vec<String>,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let directory = tempfile::tempdir().context("making a directory")?;
    let ports = Ports::free()?;
    let _upstream = peers::upstream(directory.path(), ports, ("ok", "text/plain"))?;
    until_it_listens(ports.stable).await?;
    let mut peers = vec![
        peers::nginx(directory.path(), ports)?,
        peers::haproxy(directory.path(), ports)?,
        peers::caddy(directory.path(), ports)?,
        peers::slipway(directory.path(), ports, &[])?,
    ];
    peers.push(Peer::direct(ports));
    for peer in &peers {
        until_it_listens(peer.port).await.with_context(|| format!("waiting for {}", peer.name))?;
    }
    peers::tell_slipway(ports, 1, peers::route(ports, (9, 1))).await?;
    if !options.only.is_empty() {
        peers.retain(|peer| options.only.iter().any(|name| name == peer.name));
    }
    let mut measured: Vec<(&'static str, Vec<Figures>)> =
        peers.iter().map(|peer| (peer.name, Vec::new())).collect();
    for round in 1..=options.rounds {
        for (peer, (name, figures)) in peers.iter().zip(&mut measured) {
            let taken = wrk::run(peer, options.connections, options.seconds, None).await?;
            println!("round {round}  {name:<8} {taken}");
            figures.push(taken);
        }
    }
    Ok(judge(&measured))
}

pub(crate) async fn until_it_listens(port: u16) -> Result<()> {
    let listens = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), listens).await.context("nobody listens")
}

/// What is wanted of each peer: a share of its requests, and no more than so many times its p99.
const WANTED: [(&str, Option<f64>, Option<f64>); 3] =
    [("nginx", Some(0.7), Some(1.5)), ("caddy", Some(2.5), None), ("haproxy", None, None)];

fn judge(measured: &[(&'static str, Vec<Figures>)]) -> Vec<Line> {
    println!("\nmedian of {} rounds", measured.first().map_or(0, |(_, all)| all.len()));
    let medians: Vec<(&str, Figures)> =
        measured.iter().map(|(name, all)| (*name, wrk::median(all))).collect();
    for (name, figures) in &medians {
        println!("         {name:<8} {figures}");
    }
    let of = |wanted: &str| medians.iter().find(|(name, _)| *name == wanted).map(|(_, all)| all);
    let Some(slipway) = of("slipway") else { return Vec::new() };
    let mut lines = Vec::new();
    for (name, rate, p99) in WANTED {
        let Some(peer) = of(name) else { continue };
        let share = slipway.per_second / peer.per_second;
        let line = Line::new("router, requests", format!("{:.0} /s", slipway.per_second))
            .beside(format!("{name} {:.0} /s", peer.per_second), share);
        lines.push(with_goal(line, rate.map(|least| (format!(">= {least}"), share >= least))));
        let times = slipway.p99_ms / peer.p99_ms;
        let line = Line::new("router, p99", format!("{:.2} ms", slipway.p99_ms))
            .beside(format!("{name} {:.2} ms", peer.p99_ms), times);
        lines.push(with_goal(line, p99.map(|most| (format!("<= {most}"), times <= most))));
    }
    lines
}

fn with_goal(line: Line, goal: Option<(String, bool)>) -> Line {
    match goal {
        Some((goal, met)) => line.goal(goal, met),
        None => line,
    }
}
