//! Whether a release gets the share of requests that it was given: a hundred thousand through the router for each of some
//! shares, counted by who answered them. Once by request, and once by client, where a header tells who asks.

use crate::paced::{Connection, connect, exchange};
use crate::router::{peers, until_it_listens};
use crate::table::Line;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Args;
use http::Request;
use http_body_util::Full;
use peers::{Peer, Ports};
use proto::v1;
use std::collections::HashMap;

/// Chance gives what is less likely than this once in a thousand runs.
const WANTED: f64 = 0.001;
/// Shares of the candidate, in percent.
const SHARES: [u32; 4] = [1, 10, 50, 90];
/// Who a client is.
const CLIENT: &str = "x-client";
/// The upstream answers with the port it was asked at.
const ANSWER: &str = "$server_port";

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Requests for each share.
    #[arg(long, default_value_t = 100_000)]
    requests: u32,
    /// Connections of the load.
    #[arg(long, default_value_t = 16)]
    connections: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let directory = tempfile::tempdir().context("making a directory")?;
    let ports = Ports::free()?;
    let _upstream = peers::upstream(directory.path(), ports, (ANSWER, "text/plain"))?;
    let router = peers::slipway(directory.path(), ports, &[])?;
    for port in [ports.stable, ports.candidate, router.port] {
        until_it_listens(port).await?;
    }
    let mut lines = Vec::new();
    for (at, share) in SHARES.into_iter().enumerate() {
        for sticky in [false, true] {
            let generation = 2 * u64::try_from(at)? + u64::from(sticky) + 1;
            peers::tell_slipway(ports, generation, route(ports, share, sticky)).await?;
            let hits = hits(&router, ports, &options).await?;
            let what = if sticky { "clients" } else { "requests" };
            println!("{share:>3} % of {what:<8}  {hits} of {}", options.requests);
            lines.push(judge(what, share, hits, options.requests));
        }
    }
    Ok(lines)
}

fn route(ports: Ports, share: u32, sticky: bool) -> v1::Route {
    let mut route = peers::route(ports, (100 - share, share));
    route.targets[1].candidate = true;
    route.sticky =
        sticky.then(|| v1::Sticky { header: CLIENT.to_owned(), ..v1::Sticky::default() });
    route
}

/// How many the candidate answered.
async fn hits(router: &Peer, ports: Ports, options: &Options) -> Result<u32> {
    let Options { requests, connections, .. } = *options;
    let users: Vec<_> = (0..connections)
        .map(|user| {
            let (address, step) = (router.address(), usize::try_from(connections).unwrap_or(1));
            let numbers = (user..requests).step_by(step);
            tokio::spawn(async move { count(connect(address).await?, numbers).await })
        })
        .collect();
    let mut all: HashMap<Bytes, u32> = HashMap::new();
    for user in users {
        for (port, count) in user.await?? {
            *all.entry(port).or_default() += count;
        }
    }
    let [stable, candidate] = [ports.stable, ports.candidate]
        .map(|port| all.get(port.to_string().as_bytes()).copied().unwrap_or(0));
    ensure!(stable + candidate == requests, "somebody else answered: {all:?}");
    Ok(candidate)
}

/// One user who asks as each of these clients, and who answered.
async fn count(
    mut connection: Connection,
    numbers: impl Iterator<Item = u32>,
) -> Result<HashMap<Bytes, u32>> {
    let mut counts = HashMap::new();
    for number in numbers {
        let request = Request::get("/")
            .header("host", "127.0.0.1")
            .header(CLIENT, format!("client-{number}"))
            .body(Full::new(Bytes::new()))?;
        let (status, port) = exchange(&mut connection, request).await?;
        ensure!(status == 200, "a user got {status}");
        *counts.entry(port).or_default() += 1;
    }
    Ok(counts)
}

fn judge(what: &str, share: u32, hits: u32, requests: u32) -> Line {
    let expected = f64::from(requests) * f64::from(share) / 100.0;
    let chance = probability(chi_square(hits.into(), expected, requests.into()));
    let percent = 100.0 * f64::from(hits) / f64::from(requests);
    Line::new(format!("{share} % of {what}"), format!("{percent:.2} %, p = {chance:.3}"))
        .beside(format!("expected {expected:.0}, got {hits}"), f64::from(hits) / expected)
        .goal(format!("p >= {WANTED}"), chance >= WANTED)
}

/// Of two cells.
fn chi_square(hits: f64, expected: f64, of: f64) -> f64 {
    let apart = (hits - expected) * (hits - expected);
    apart / expected + apart / (of - expected)
}

/// That chance gives so much or more, with one degree of freedom.
fn probability(chi_square: f64) -> f64 {
    libm::erfc((chi_square / 2.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_is_that_of_the_tables() {
        assert!((probability(3.841_458_820_694_124) - 0.05).abs() < 1e-12);
        assert!((chi_square(60.0, 50.0, 100.0) - 4.0).abs() < 1e-12);
        assert_eq!(judge("requests", 10, 10_000, 100_000).met, Some(true));
        assert_eq!(judge("requests", 10, 10_500, 100_000).met, Some(false));
    }
}
