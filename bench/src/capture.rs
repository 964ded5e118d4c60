//! What capturing declared values of requests costs the users: the router that captures a tenth of them beside the same
//! router that captures nothing, once at a pace and once as fast as it goes. Rounds are interleaved.

use crate::paced::{self, Pace, Question};
use crate::router::{peers, until_it_listens, wrk};
use crate::sample::median;
use crate::table::Line;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Args;
use http::Method;
use peers::{Peer, Ports};
use proto::v1;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::{Loopback, Nats};

/// What is captured was published.
const PUBLISHED: &str = "slipway_router_samples_total{outcome=\"published\"}";
/// It could not be taken in time.
const DROPPED: &str = "slipway_router_samples_total{outcome=\"dropped\"}";
/// At most so many times the p99 without.
const WANTED_P99: f64 = 1.05;
/// At least this part of the requests without.
const WANTED_RATE: f64 = 0.95;
/// What users send: ten features, of which eight are declared.
const QUESTION: &str = r#"{"amount": 23.26, "hour": 16, "country": "DE", "channel": "app", "device": {"risk": 0.27, "new": false}, "session": 376.1, "card": "debit", "mcc": "M5182", "mail": "nobody@example.com", "note": "a text that nobody declared and that is thrown away"}"#;
const ANSWER: &str = r#"{"score": 0.031, "version": "7"}"#;
const FEATURES: [(&str, &str); 8] = [
    ("amount", "/amount"),
    ("hour", "/hour"),
    ("country", "/country"),
    ("channel", "/channel"),
    ("risk", "/device/risk"),
    ("new", "/device/new"),
    ("card", "/card"),
    ("mcc", "/mcc"),
];

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each way is measured.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 6)]
    seconds: u32,
    /// Connections of the load.
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Requests a second, where they come at a pace.
    #[arg(long, default_value_t = 2000.0)]
    rate: f64,
    /// The share of them that is captured, in percent.
    #[arg(long, default_value_t = 10)]
    share: u32,
}

/// The router, and what its users send.
struct Stage {
    ports: Ports,
    router: Peer,
    script: PathBuf,
    generation: u64,
}

/// What was measured of one way.
#[derive(Debug, Default)]
struct Measured {
    p99: Vec<f64>,
    full: Vec<wrk::Figures>,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let directory = tempfile::tempdir().context("making a directory")?;
    let ports = Ports::free()?;
    let program = testkit::variable("SLIPWAY_TEST_NATS_SERVER");
    let nats = Nats::start(Path::new(&program), Loopback::unused());
    let _upstream = peers::upstream(directory.path(), ports, (ANSWER, "application/json"))?;
    let router = peers::slipway(directory.path(), ports, &[("SLIPWAY_NATS_URL", nats.url())])?;
    for port in [ports.stable, ports.candidate, router.port] {
        until_it_listens(port).await?;
    }
    let script = directory.path().join("post.lua");
    std::fs::write(&script, post()).context("writing the script of wrk")?;
    let mut stage = Stage { ports, router, script, generation: 0 };
    let [mut without, mut with] = [Measured::default(), Measured::default()];
    for round in 1..=options.rounds {
        // Who comes first changes from round to round.
        let first = round.is_multiple_of(2);
        for captures in [first, !first] {
            let measured = if captures { &mut with } else { &mut without };
            stage.measure(&options, (round, captures), measured).await?;
        }
    }
    let published = peers::counted(ports, PUBLISHED).await?;
    let dropped = peers::counted(ports, DROPPED).await?;
    println!("{published} requests were captured, {dropped} could not be taken in time");
    ensure!(published > 0.0, "nothing was captured");
    Ok(judge(&without, &with))
}

impl Stage {
    async fn measure(
        &mut self,
        options: &Options,
        (round, captures): (usize, bool),
        measured: &mut Measured,
    ) -> Result<()> {
        self.generation += 1;
        let share = if captures { options.share } else { 0 };
        peers::tell_slipway(self.ports, self.generation, self.route(share)).await?;
        let Options { connections, rate, seconds, .. } = *options;
        let pace = Pace { connections, rate, time: Duration::from_secs(seconds.into()) };
        let answers = paced::ask(self.router.address(), &question(), pace);
        let [p50, p99] = paced::quantiles(answers).await?;
        let full = wrk::run(&self.router, connections, seconds / 2, Some(&self.script)).await?;
        let name = if captures { "captured" } else { "not" };
        println!("round {round}  {name:<8}  p50 {p50:.3} ms  p99 {p99:.3} ms   full: {full}");
        measured.p99.push(p99);
        measured.full.push(full);
        Ok(())
    }

    fn route(&self, share: u32) -> v1::Route {
        let mut route = peers::route(self.ports, (1, 0));
        let features = FEATURES.map(|(name, at)| (name.to_owned(), at.to_owned()));
        route.targets[0].capture = (share > 0).then(|| v1::Capture {
            environment: "shop/production".to_owned(),
            release_number: 1,
            model: "sha256:1".to_owned(),
            path_prefix: "/".to_owned(),
            per_million: share * 10_000,
            features: HashMap::from(features),
            prediction: Some("/score".to_owned()),
            truth_key: None,
        });
        route
    }
}

fn question() -> Question {
    let (method, host) = (Method::POST, "127.0.0.1".to_owned());
    Question { method, host, body: Bytes::from_static(QUESTION.as_bytes()) }
}

/// The same for `wrk`.
fn post() -> String {
    format!(
        "wrk.method = 'POST'\nwrk.headers['content-type'] = 'application/json'\nwrk.body = '{QUESTION}'\n"
    )
}

fn judge(without: &Measured, with: &Measured) -> Vec<Line> {
    let p99 = |measured: &Measured| median(measured.p99.clone());
    let full = |measured: &Measured| wrk::median(&measured.full);
    let (before, now) = (p99(without), p99(with));
    let times = now / before;
    let (all, rest) = (full(without), full(with));
    let share = rest.per_second / all.per_second;
    vec![
        Line::new("capture, p99 of users", format!("{now:.3} ms"))
            .beside(format!("without {before:.3} ms"), times)
            .goal(format!("<= {WANTED_P99}"), times <= WANTED_P99),
        Line::new("capture, requests at full load", format!("{:.0} /s", rest.per_second))
            .beside(format!("without {:.0} /s", all.per_second), share)
            .goal(format!(">= {WANTED_RATE}"), share >= WANTED_RATE),
        Line::new("capture, p99 at full load", format!("{:.3} ms", rest.p99_ms))
            .beside(format!("without {:.3} ms", all.p99_ms), rest.p99_ms / all.p99_ms),
    ]
}
