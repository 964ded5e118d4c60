//! Pushes whose webhook never came.

use crate::fixture::{Delivery, Repository, World};
use serde_json::json;
use std::time::Duration;

async fn watched() -> (World, Repository) {
    let world = World::with(|config| config.reconcile_every = Duration::from_millis(300)).await;
    let shop = world.shop().await;
    (world, shop)
}

#[tokio::test]
async fn a_push_that_never_arrived_is_found() {
    let (world, shop) = watched().await;
    let commit = shop.commit("second");
    let changes = world.until_changes(1).await;
    assert_eq!((changes[0].commit.as_str(), changes[0].cause.as_str()), (commit.as_str(), "poll"));
    assert_eq!(world.said().await, [commit]);
}

#[tokio::test]
async fn a_webhook_that_comes_after_the_look_makes_no_second_change() {
    let (world, shop) = watched().await;
    let before = shop.head("main");
    let commit = shop.commit("second");
    world.until_changes(1).await;
    assert_eq!(world.push(&before, &commit).await.short(), "202 ignored");
    assert_eq!(world.changes().await.len(), 1);
}

#[tokio::test]
async fn what_was_there_at_registration_is_not_built() {
    let (world, shop) = watched().await;
    let tagged = shop.commit("second");
    world.until_changes(1).await;
    shop.git(&["tag", "-a", "v1", "-m", "one"]);
    let changes = world.until_changes(2).await;
    assert_eq!((changes[1].git_ref.as_str(), &changes[1].commit), ("refs/tags/v1", &tagged));
    assert_eq!(changes.len(), 2);
}

#[tokio::test]
async fn a_branch_that_is_new_gone_and_back_is_followed() {
    let (world, shop) = watched().await;
    shop.git(&["branch", "feature"]);
    assert_eq!(world.until_changes(1).await[0].git_ref, "refs/heads/feature");
    shop.git(&["branch", "-D", "feature"]);
    let gone = "select count(*) from gateway.branch_head where commit is null";
    world.until(gone, 1).await;
    shop.git(&["branch", "feature"]);
    assert_eq!(world.until_changes(2).await[1].git_ref, "refs/heads/feature");
}

#[tokio::test]
async fn a_webhook_without_a_commit_makes_us_look() {
    let (world, shop) = World::with_shop().await;
    shop.git(&["tag", "v1"]);
    let created = Delivery::new("create", &json!({"ref": "v1", "ref_type": "tag"}));
    let answer = world.deliver(created).await;
    assert_eq!(answer.reason(), "tag v1 was created; the push of it names the commit");
    assert_eq!(world.until_changes(1).await[0].git_ref, "refs/tags/v1");
}
