//! The users: constant load through the router on the app's host, from the first release to the end.

use super::Platform;
use super::team::APP;
use crate::fixture;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Http, Load, Report};

/// The host in the app's slipway.yaml.
pub(super) const HOST: &str = "fraud.localhost";
/// Users at the same time.
const USERS: usize = 8;
/// How long each thinks between two requests.
const PAUSE: Duration = Duration::from_millis(25);
/// How long one looks to say how it is when nothing changes.
const CALM: Duration = Duration::from_secs(2);

/// Users that ask all the time.
#[derive(Debug)]
pub(super) struct Users {
    load: Load,
    http: Http,
}

impl Users {
    /// They begin to ask, with transactions like those the model was trained on.
    pub(super) fn start(platform: &Platform) -> Result<Self> {
        Self::paying(platform, 1.0)
    }

    /// The same when prices are so many times higher.
    pub(super) fn paying(platform: &Platform, times: f64) -> Result<Self> {
        let http = Http::new(platform.address("traffic")?, HOST);
        let load = Load::post(&http, "/predict", &transactions(times)?, USERS, PAUSE);
        Ok(Self { load, http })
    }

    /// What they got since they were last asked.
    pub(super) fn so_far(&self) -> Report {
        self.load.lap()
    }

    /// What they get in the next two seconds.
    pub(super) async fn calm(&self) -> Report {
        drop(self.load.lap());
        tokio::time::sleep(CALM).await;
        self.load.lap()
    }

    /// The version that answers a new user.
    pub(super) async fn version(&self) -> Result<String> {
        let answer = self.http.get("/version").await?;
        ensure!(answer.status == 200, "/version answers {} {}", answer.status, answer.text());
        let version = answer.json()["version"].as_str().unwrap_or_default().to_owned();
        Ok(version)
    }

    /// They go home.
    pub(super) async fn stop(self) {
        drop(self.load.stop().await);
    }
}

/// The transactions of the example, at prices that are so many times higher.
fn transactions(times: f64) -> Result<Vec<Value>> {
    let row = |(number, line): (usize, &str)| {
        let [amount, country, hour, category, _] = line.split(',').collect::<Vec<_>>()[..] else {
            return None;
        };
        let amount = (amount.parse::<f64>().ok()? * times * 100.0).round() / 100.0;
        let hour: u32 = hour.parse().ok()?;
        let id = id(number, times);
        Some(json!({
            "id": id, "amount": amount, "country": country, "hour": hour, "merchant_category": category
        }))
    };
    let text = ledger()?;
    let rows: Option<Vec<Value>> = text.lines().skip(1).enumerate().map(row).collect();
    rows.context("the transactions of the example are not in order")
}

/// What became of them, as the bank tells it: a CSV of ids and frauds.
pub(super) fn truths(times: f64) -> Result<String> {
    let text = ledger()?;
    let frauds = text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap_or_default());
    let rows = frauds.enumerate().map(|(number, fraud)| format!("{},{fraud}\n", id(number, times)));
    Ok(std::iter::once("key,truth\n".to_owned()).chain(rows).collect())
}

fn ledger() -> Result<String> {
    let file = fixture::example(APP).join("data/transactions.csv");
    std::fs::read_to_string(&file).context("read the transactions of the example")
}

/// What a transaction is known by to who asks and to the bank.
fn id(number: usize, times: f64) -> String {
    format!("t-{number}x{times}")
}

/// Promises that nobody noticed anything.
pub(super) fn none_failed(reports: &[&Report]) -> Result<()> {
    let failed: u64 = reports.iter().map(|report| report.failed()).sum();
    let first = reports.iter().find_map(|report| report.first_failure.clone());
    ensure!(failed == 0, "{failed} requests failed, the first with: {}", first.unwrap_or_default());
    ensure!(reports.iter().all(|report| report.sent > 0), "users sent no requests");
    Ok(())
}
