//! A request with an id is done once, whatever it asks for: sent again, it gets the answer it got.

use crate::tell::reason;
use proto::v1::release::State;
use proto::v1::set_traffic_request::Mode;
use proto::v1::{
    CancelReleaseRequest, DeleteSecretRequest, ListSecretsRequest, SetSecretRequest,
    SetTrafficRequest, UnpinReleaseRequest,
};
use serde_json::json;
use stories::World;
use stories::fixture::{chameleon, start_slowly};

const PLACE: &str = "apps/shop/environments/production";

fn set(name: &str, value: &str, id: &str) -> SetSecretRequest {
    let name = format!("apps/shop/secrets/{name}");
    SetSecretRequest { name, value: value.into(), request_id: id.to_owned() }
}

#[tokio::test]
async fn a_secret_is_set_and_removed_once() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    world.register("shop", &repo).await;
    let mut secrets = world.admin().secrets;
    let first = secrets.set_secret(set("KEY", "one", "a")).await.expect("set").into_inner();
    let again = secrets.set_secret(set("KEY", "one", "a")).await.expect("known").into_inner();
    assert_eq!((first.secret.as_ref().map(|secret| secret.version), &first), (Some(1), &again));
    let other = secrets.set_secret(set("KEY", "two", "a")).await.expect_err("another value");
    assert_eq!(reason(&other), "InvalidArgument INVALID_ARGUMENT");
    let remove =
        DeleteSecretRequest { name: "apps/shop/secrets/KEY".into(), request_id: "b".into() };
    secrets.delete_secret(remove.clone()).await.expect("removed");
    secrets.delete_secret(remove).await.expect("it was removed by this request");
}

#[tokio::test]
async fn secrets_are_listed_page_by_page() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    world.register("shop", &repo).await;
    let mut secrets = world.admin().secrets;
    for name in ["A", "B", "C"] {
        secrets.set_secret(set(name, "value", "")).await.expect("set");
    }
    let (mut pages, mut page_token) = (Vec::new(), String::new());
    while pages.is_empty() || !page_token.is_empty() {
        let request = ListSecretsRequest { parent: "apps/shop".into(), page_size: 2, page_token };
        let page = secrets.list_secrets(request).await.expect("a page").into_inner();
        pages.push(page.secrets.len());
        page_token = page.next_page_token;
    }
    assert_eq!(pages, [2, 1]);
}

#[tokio::test]
async fn traffic_is_switched_once() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let mut said = Vec::new();
    for (mode, id) in [(Mode::Maintenance, "a"), (Mode::Serving, "b"), (Mode::Maintenance, "a")] {
        let request =
            SetTrafficRequest { name: PLACE.into(), mode: mode.into(), request_id: id.into() };
        let answer = world.admin().releases.set_traffic(request).await.expect("switched");
        said.push(answer.into_inner().environment.expect("an environment").traffic);
    }
    assert_eq!(said, ["maintenance", "serving", "maintenance"]);
    assert_eq!(app.version().await, "one", "what was asked for long ago is not done again");
}

#[tokio::test]
async fn a_release_is_cancelled_once() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    start_slowly(&repo, "shop");
    app.push("Slow to start").await;
    app.release_in(2, &[State::Starting]).await;
    let (name, request_id) = (format!("{PLACE}/releases/2"), "a".to_owned());
    let request = CancelReleaseRequest { name: name.clone(), request_id: request_id.clone() };
    let mut releases = world.admin().releases;
    releases.cancel_release(request.clone()).await.expect("cancelled");
    app.release_in(2, &[State::Cancelled]).await;
    releases.cancel_release(request).await.expect("it was cancelled by this request");
    let other = releases.unpin_release(UnpinReleaseRequest { name, request_id }).await;
    assert_eq!(
        reason(&other.expect_err("it means another call")),
        "InvalidArgument INVALID_ARGUMENT"
    );
}
