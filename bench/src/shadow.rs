//! What copies of requests cost those that are copied: the router with a shadow beside the same router without one, at
//! the same pace, with JSON that is compared. Once more with a candidate that never answers. Rounds are interleaved.

use crate::paced::{self, Pace, Question};
use crate::router::{peers, until_it_listens, wrk};
use crate::sample::median;
use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use peers::{Peer, Ports};
use proto::v1;
use std::time::Duration;
use tokio::net::TcpListener;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each way is measured.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 6)]
    seconds: u32,
    /// Connections of the load.
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Requests a second.
    #[arg(long, default_value_t = 2000.0)]
    rate: f64,
    /// The share of them that is copied, in percent: the manifest's default.
    #[arg(long, default_value_t = 10)]
    share: u32,
}

/// What the candidate gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Nothing,
    Copies,
    /// The same, but it never answers.
    Hangs,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Copies => "copies",
            Self::Hangs => "hangs",
        }
    }
}

const WAYS: [Way; 3] = [Way::Nothing, Way::Copies, Way::Hangs];
/// At most so many times the p99 without copies.
const WANTED: f64 = 1.1;

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let directory = tempfile::tempdir().context("making a directory")?;
    let ports = Ports::free()?;
    let _upstream = peers::upstream(directory.path(), ports, (&json(), "application/json"))?;
    let router = peers::slipway(directory.path(), ports, &[])?;
    for port in [ports.stable, ports.candidate, router.port] {
        until_it_listens(port).await?;
    }
    let hanging = TcpListener::bind("127.0.0.1:0").await?;
    let hang = hanging.local_addr()?.port();
    let _hangs = tokio::spawn(hold(hanging));
    let mut generation = 0;
    let mut p99 = WAYS.map(|_| Vec::new());
    let mut full = WAYS.map(|_| Vec::new());
    for round in 1..=options.rounds {
        for ((way, p99), full) in WAYS.into_iter().zip(&mut p99).zip(&mut full) {
            generation += 1;
            tell(ports, generation, (way, hang), options.share).await?;
            let [half, slowest] = paced(&router, &options).await?;
            let counts = match way {
                Way::Nothing => v1::ShadowCounts::default(),
                Way::Copies | Way::Hangs => peers::copies(ports).await?,
            };
            println!(
                "round {round}  {:<8} p50 {half:.3} ms  p99 {slowest:.3} ms  {} copies, {} dropped",
                way.name(),
                counts.copies,
                counts.dropped
            );
            p99.push(slowest);
            full.push(wrk::run(&router, options.connections, options.seconds / 2, None).await?);
        }
    }
    Ok(judge(p99.map(median), &full.map(|all| wrk::median(&all).per_second)))
}

fn judge([nothing, copies, hangs]: [f64; 3], full: &[f64; 3]) -> Vec<Line> {
    let line = |what: &str, value: f64| {
        let ratio = value / nothing;
        Line::new(what, format!("{value:.3} ms"))
            .beside(format!("without {nothing:.3} ms"), ratio)
            .goal(format!("<= {WANTED}"), ratio <= WANTED)
    };
    let [without, with, _] = full;
    vec![
        line("shadow, p99 of users", copies),
        line("shadow that hangs, p99 of users", hangs),
        Line::new("shadow, requests at full load", format!("{with:.0} /s"))
            .beside(format!("without {without:.0} /s"), with / without),
    ]
}

/// About two kilobytes, as an API answers.
fn json() -> String {
    let item = |n: u32| format!("{{\"id\": {n}, \"name\": \"item {n}\", \"price\": {n}.25}}");
    format!("{{\"items\": [{}]}}", (0..40).map(item).collect::<Vec<_>>().join(", "))
}

/// Takes connections, and nothing else.
async fn hold(listener: TcpListener) {
    let mut held = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        held.push(stream);
    }
}

async fn tell(ports: Ports, generation: u64, (way, hang): (Way, u16), share: u32) -> Result<()> {
    let mut route = peers::route(ports, (1, 0));
    let candidate = &mut route.targets[1];
    candidate.candidate = true;
    if way == Way::Hangs {
        candidate.upstreams[0].address = format!("127.0.0.1:{hang}");
    }
    route.shadow = (way != Way::Nothing).then(|| v1::Shadow {
        share_basis_points: share * 100,
        methods: vec!["GET".to_owned()],
        max_body_bytes: 256 * 1024,
        max_copies: 16,
        slower_by_basis_points: 2000,
        ..v1::Shadow::default()
    });
    peers::tell_slipway(ports, generation, route).await
}

/// p50 and p99 in milliseconds.
async fn paced(router: &Peer, options: &Options) -> Result<[f64; 2]> {
    let Options { connections, rate, seconds, .. } = *options;
    let pace = Pace { connections, rate, time: Duration::from_secs(seconds.into()) };
    paced::quantiles(paced::ask(router.address(), &Question::get("127.0.0.1"), pace)).await
}
