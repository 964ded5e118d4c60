//! What was true of predictions, told over HTTP.

use crate::deployer::{listening, silent};
use crate::fixture::{BOOTSTRAP, World};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use testkit::{Answer, Http, eventually};

const DOOR: &str = "/apps/shop/environments/production/truths";

async fn told(world: &World, token: &str, kind: &str, body: &str) -> Answer {
    let headers = [
        ("authorization", format!("Bearer {token}")),
        ("content-type", kind.to_owned()),
        ("idempotency-key", "monday".to_owned()),
    ];
    let program = Http::new(world.api, "slipway.example.com");
    program.post(DOOR, &headers, body.to_owned()).await.expect("answered")
}

#[tokio::test]
async fn what_was_true_is_told_to_the_monitor_in_parts_that_are_the_same_when_sent_again() {
    let (monitor, heard) = listening().await;
    let world = World::with(|config| config.backends.monitor = monitor).await;
    let rows: Vec<String> = (0..2_001).map(|key| format!("{key},1")).collect();
    let body = format!("key,truth\n{}\n", rows.join("\n"));
    for _ in 0..2 {
        let answer = told(&world, BOOTSTRAP, "text/csv", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json(), json!({"known_count": 2_001, "unknown_count": 0}));
    }
    let heard = heard.lock().expect("whole").clone();
    let sizes: Vec<usize> = heard.iter().map(|request| request.truths.len()).collect();
    assert_eq!(sizes, [2_000, 1, 2_000, 1]);
    assert!(heard.iter().all(|it| it.name == "apps/shop/environments/production"));
    assert!(
        heard[0].request_id == heard[2].request_id && heard[1].request_id == heard[3].request_id
    );
    assert_ne!(heard[0].request_id, heard[1].request_id);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_another_request_in_every_part() {
    let (monitor, heard) = listening().await;
    let world = World::with(|config| config.backends.monitor = monitor).await;
    let rows: Vec<String> = (0..2_000).map(|key| format!("{key},1")).collect();
    let body = format!("key,truth\n{}\n", rows.join("\n"));
    for last in ["a,1", "b,1"] {
        let answer = told(&world, BOOTSTRAP, "text/csv", &(body.clone() + last)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let heard = heard.lock().expect("whole").clone();
    let ids: BTreeSet<&str> = heard.iter().map(|request| request.request_id.as_str()).collect();
    assert_eq!(ids.len(), 4, "also where a part is the same");
}

#[tokio::test]
async fn who_may_not_tell_it_or_tells_it_wrongly_learns_why() {
    let world = World::new().await;
    let csv = "key,truth\na,1\n";
    for (token, kind, body, status, reason) in [
        ("slipway_unknown", "text/csv", csv, 401, "UNAUTHENTICATED"),
        (BOOTSTRAP, "text/plain", csv, 415, "WRONG_CONTENT_TYPE"),
        (BOOTSTRAP, "text/csv", "key,label\n", 400, "UNREADABLE"),
        (BOOTSTRAP, "text/csv", csv, 503, "SERVICE_AWAY"),
    ] {
        let answer = told(&world, token, kind, body).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (status, &json!(reason)));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let program = Http::new(world.api, "slipway.example.com");
    assert_eq!(program.get(DOOR).await.expect("answered").json()["reason"], "WRONG_METHOD");
}

#[tokio::test]
async fn truths_that_are_told_slowly_take_no_room_of_webhooks() {
    let (monitor, heard) = silent().await;
    let world = Arc::new(World::with(|config| config.backends.monitor = monitor).await);
    let large = format!("[{{\"key\": 1, \"truth\": 1}}{}]", " ".repeat(24 << 20));
    // All the room of one address, in its two largest bodies.
    for _ in 0..2 {
        let (world, large) = (world.clone(), large.clone());
        tokio::spawn(async move { told(&world, BOOTSTRAP, "application/json", &large).await });
    }
    eventually("both to wait for the monitor", Duration::from_mins(1), async || {
        (heard.load(Ordering::Relaxed) == 2).then_some(())
    })
    .await;
    let forge = Http::new(world.hooks, "slipway.example.com");
    let json = [("content-type", "application/json".to_owned())];
    let webhook = forge.post("/hooks/shop", &json, large).await.expect("answered");
    assert_eq!(webhook.json()["reason"], "NOT_SIGNED", "it was read, and looked at");
}
