//! Captured traffic: what is declared of requests is counted and compared with what the model was trained on, and
//! nothing else of them is anywhere.

use proto::v1::data_drift::Verdict;
use proto::v1::{
    AcceptDataDriftRequest, CheckDataDriftRequest, DataDrift, ListDataDriftRequest,
    MuteDataDriftRequest,
};
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;
use stories::fixture::{chameleon, manifest};
use stories::{App, World};
use testkit::{Repo, eventually};

const PLACE: &str = "apps/shop/environments/production";
const PATIENCE: Duration = Duration::from_mins(5);
/// What users tell us and nobody declared.
const PRIVATE: &str = "ada.lovelace@example.com";
/// Requests that are enough to say something.
pub(crate) const ENOUGH: i64 = 300;

/// A world with one live app of which every request is captured.
pub(crate) struct Captured {
    pub(crate) world: World,
    pub(crate) repo: Repo,
}

impl Captured {
    async fn start() -> Self {
        let behaviour = json!({"version": "one"});
        let repo = chameleon("shop", &behaviour);
        let capture = "drift:\n  data:\n    reference: data/reference.csv\n    capture: { service: web, path: /echo, \
                       share: 100%, features: { amount: /amount, country: /user/country }, prediction: /bytes }\n";
        repo.write("slipway.yaml", &(manifest("shop") + capture));
        repo.write("data/reference.csv", &reference());
        repo.commit("With what the model was trained on");
        let world = World::start().await;
        world.register("shop", &repo).await.ship(&behaviour, 1).await;
        Self { world, repo }
    }

    pub(crate) fn app(&self) -> App<'_> {
        self.world.app("shop", &self.repo)
    }

    /// Users ask, with amounts that are so much larger than in the reference.
    pub(crate) async fn asked(&self, more: i64) {
        let (app, json) = (self.app(), [("content-type", "application/json".to_owned())]);
        for i in 0..ENOUGH {
            let user = json!({"country": country(i), "mail": PRIVATE});
            let body = json!({"amount": amount(i) + more, "user": user});
            let answer = app.users().post("/echo", &json, body.to_string()).await;
            assert_eq!(answer.expect("answered").status, 200);
        }
    }

    /// Compares now; nothing while the monitor does not know what lives.
    async fn check(&self) -> Option<DataDrift> {
        let request = CheckDataDriftRequest { name: PLACE.to_owned(), window: None };
        let answer = self.world.admin().data_drift.check_data_drift(request).await;
        answer.ok()?.into_inner().data_drift
    }

    /// Compares until so many requests were counted.
    pub(crate) async fn compared(&self, requests: i64) -> DataDrift {
        eventually(&format!("{requests} requests to be counted"), PATIENCE, async || {
            let drift = self.check().await?;
            (drift.row_count >= requests && drift.reference_version > 0).then_some(drift)
        })
        .await
    }

    /// Waits until what comes is compared with this version of the reference.
    pub(crate) async fn refers_to(&self, version: i32) {
        eventually(&format!("reference {version}"), PATIENCE, async || {
            let drift = self.check().await?;
            (drift.reference_version == version).then_some(())
        })
        .await;
    }

    async fn verdicts(&self) -> Vec<DataDrift> {
        let (name, page_size, page_token) = (PLACE.to_owned(), 500, String::new());
        let request = ListDataDriftRequest { name, page_size, page_token };
        let answer = self.world.admin().data_drift.list_data_drift(request).await;
        answer.expect("a list").into_inner().data_drifts
    }
}

pub(crate) fn amount(i: i64) -> i64 {
    i * 37 % 100
}

fn country(i: i64) -> &'static str {
    if i % 10 < 6 { "DE" } else { "FR" }
}

fn reference() -> String {
    let mut csv = "amount,country,label\n".to_owned();
    for i in 0..1000 {
        writeln!(csv, "{},{},0", amount(i), country(i)).expect("a text grows");
    }
    csv
}

#[tokio::test]
async fn what_is_declared_is_captured_and_nothing_else_is_anywhere() {
    let captured = Captured::start().await;
    assert_eq!(captured.compared(0).await.verdict(), Verdict::InsufficientData);
    captured.asked(0).await;
    let drift = captured.compared(ENOUGH).await;
    assert_eq!(drift.verdict(), Verdict::NoDrift, "{drift:?}");
    assert_eq!((drift.release_number, drift.reference.as_str()), (1, "data/reference.csv of #1"));
    let columns: Vec<&str> = drift.columns.iter().map(|column| column.column.as_str()).collect();
    assert_eq!(columns, ["amount", "country", "prediction"]);
    assert!(drift.columns[2].mean > 0.0 && drift.model.starts_with("sha256:"), "{drift:?}");
    assert_eq!(captured.world.times_said("drift.detected").await, 0);
    assert_eq!(captured.world.places_that_show(PRIVATE).await, Vec::<String>::new());
}

#[tokio::test]
async fn shifted_traffic_is_told_until_it_is_accepted() {
    let captured = Captured::start().await;
    captured.compared(0).await;
    captured.asked(40).await;
    let drift = captured.compared(ENOUGH).await;
    assert_eq!((drift.verdict(), drift.drifted_columns), (Verdict::Drift, 1), "{drift:?}");
    captured.check().await.expect("compared once more");
    captured.world.said("drift.detected", 1).await;
    assert_eq!(captured.world.times_said("drift.detected").await, 1);
    let mut data = captured.world.admin().data_drift;
    let (name, reason) = (PLACE.to_owned(), "another market".to_owned());
    let mute = MuteDataDriftRequest { name: name.clone(), ..Default::default() };
    data.mute_data_drift(mute).await.expect("it is not muted any more");
    let request = AcceptDataDriftRequest { name, reason, ..Default::default() };
    let accepted = data.accept_data_drift(request).await.expect("accepted").into_inner();
    assert_eq!((accepted.reference_version, accepted.row_count), (2, ENOUGH));
    captured.world.said("drift.cleared", 1).await;
    captured.asked(40).await;
    let drift = captured.compared(ENOUGH).await;
    assert_eq!((drift.verdict(), drift.judged_columns), (Verdict::NoDrift, 3), "{drift:?}");
    let first = captured.verdicts().await.pop().expect("verdicts are kept");
    assert_eq!((first.verdict(), first.release_number), (Verdict::InsufficientData, 1));
}
