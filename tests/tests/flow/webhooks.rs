//! Webhooks as they come: twice, late, in the wrong order, about what is gone, or not at all.

use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{behave, chameleon, manifest};
use stories::{MAIN, WEBHOOK_SECRET, World};
use testkit::Repo;
use testkit::webhook::{self, NO_COMMIT};

fn shop() -> Repo {
    chameleon("shop", &json!({"version": "one"}))
}

/// Commits another behaviour, and tells nobody.
fn commit(repo: &Repo, version: &str) -> String {
    behave(repo, &json!({"version": version}));
    repo.commit(version)
}

#[tokio::test]
async fn a_delivery_that_comes_twice_is_one_release() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let push = webhook::push(MAIN, NO_COMMIT, &repo.head(), "One");
    assert_eq!(app.outcome(&push).await, "202 accepted");
    assert_eq!(app.outcome(&push).await, "200 duplicate");
    assert_eq!(app.outcome(&push.redelivered()).await, "202 ignored");
    app.live(1).await;
    assert_eq!(app.outcome(&push.redelivered()).await, "202 ignored");
    assert_eq!((app.builds().await.len(), app.releases().await.len()), (1, 1));
}

#[tokio::test]
async fn the_same_delivery_many_times_at_once_is_one_release() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let push = webhook::push(MAIN, NO_COMMIT, &repo.head(), "One");
    let all = futures_util::future::join_all((0..8).map(|_| app.outcome(&push)));
    let mut outcomes = all.await;
    outcomes.sort();
    assert_eq!((outcomes[6].as_str(), outcomes[7].as_str()), ("200 duplicate", "202 accepted"));
    app.live(1).await;
    assert_eq!((app.builds().await.len(), app.releases().await.len()), (1, 1));
}

#[tokio::test]
async fn an_older_push_that_comes_late_changes_nothing() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let first = app.push("One").await;
    app.live(1).await;
    let (second, third) = (commit(&repo, "two"), commit(&repo, "three"));
    assert_eq!(app.told(&second, &third).await, "202 accepted");
    assert_eq!(app.told(&first, &second).await, "202 ignored");
    assert_eq!(app.live(2).await.commit, third);
    assert_eq!((app.builds().await.len(), app.version().await.as_str()), (2, "three"));
}

#[tokio::test]
async fn the_stable_release_outlives_its_branch() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let head = app.push("One").await;
    app.live(1).await;
    repo.git(&["checkout", "--quiet", "--detach"]);
    repo.git(&["branch", "-D", "main"]);
    assert_eq!(app.told(&head, NO_COMMIT).await, "202 ignored");
    assert_eq!(app.release(1).await.state(), State::Live);
    assert_eq!((app.builds().await.len(), app.version().await.as_str()), (1, "one"));
}

#[tokio::test]
async fn history_that_is_rewritten_is_followed() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let first = app.push("One").await;
    app.live(1).await;
    app.ship(&json!({"version": "two"}), 2).await;
    let second = repo.head();
    repo.git(&["reset", "--quiet", "--hard", &first]);
    let third = commit(&repo, "three");
    assert_eq!(
        app.outcome(&webhook::push(MAIN, &second, &third, "Three").forced()).await,
        "202 accepted"
    );
    assert_eq!((app.live(3).await.commit, app.version().await), (third, "three".to_owned()));
}

#[tokio::test]
async fn a_branch_that_is_set_back_goes_back_without_a_build() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let first = app.push("One").await;
    app.live(1).await;
    app.ship(&json!({"version": "two"}), 2).await;
    let second = repo.head();
    repo.git(&["reset", "--quiet", "--hard", &first]);
    assert_eq!(
        app.outcome(&webhook::push(MAIN, &second, &first, "One").forced()).await,
        "202 accepted"
    );
    assert_eq!((app.live(3).await.commit, app.version().await), (first, "one".to_owned()));
    assert_eq!(stories::built(&app.newest_build().await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_tag_goes_where_tags_are_tracked() {
    let (world, repo) = (World::start().await, shop());
    let staging = "  staging: { track: { tag: \"v*\" }, host: staging.localhost, bake: 1s }\n";
    repo.write("slipway.yaml", &(manifest("shop") + staging));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    repo.git(&["tag", "--annotate", "--message", "The first", "v1.0"]);
    app.push_tag("v1.0").await;
    let staged = app.in_environment("staging").live(1).await;
    assert_eq!((staged.cause.as_str(), staged.git_ref.as_str()), ("tag", "refs/tags/v1.0"));
    assert_eq!((staged.commit, app.releases().await.len()), (repo.head(), 1));
    assert!(app.newest_build().await.services[0].tags.contains(&"1.0".to_owned()));
}

#[tokio::test]
async fn of_two_pushes_at_once_the_newest_goes_live() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let first = app.push("One").await;
    app.live(1).await;
    let (second, third) = (commit(&repo, "two"), commit(&repo, "three"));
    tokio::join!(app.told(&first, &second), app.told(&second, &third));
    app.live_at(&third).await;
    assert_eq!((app.version().await.as_str(), world.docker.running().len()), ("three", 1));
}

#[tokio::test]
async fn a_push_whose_webhook_never_came_is_found() {
    let world = World::with(&[("SLIPWAY_RECONCILE_EVERY", "1s")]).await;
    let repo = shop();
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    let commit = commit(&repo, "two");
    let found = app.live(2).await;
    assert_eq!((found.commit.as_str(), found.cause.as_str()), (commit.as_str(), "poll"));
    assert_eq!(app.told(&found.commit, &commit).await, "202 ignored");
    assert_eq!((app.builds().await.len(), app.version().await.as_str()), (2, "two"));
}

#[tokio::test]
async fn a_push_while_the_gateway_is_down_is_found_when_it_starts() {
    let (mut world, repo) = (World::start().await, shop());
    {
        let app = world.register("shop", &repo).await;
        app.push("One").await;
        app.live(1).await;
    }
    world.kill("gateway");
    let commit = commit(&repo, "two");
    world.resume("gateway");
    world.ready().await;
    assert_eq!(world.app("shop", &repo).live(2).await.commit, commit);
}

#[tokio::test]
async fn a_push_that_was_accepted_outlives_the_gateway() {
    let (mut world, repo) = (World::start().await, shop());
    let commit = world.register("shop", &repo).await.push("One").await;
    world.kill("gateway");
    world.resume("gateway");
    world.ready().await;
    let app = world.app("shop", &repo);
    assert_eq!(app.live(1).await.commit, commit);
    assert_eq!((app.builds().await.len(), app.releases().await.len()), (1, 1));
}

#[tokio::test]
async fn who_does_not_know_the_secret_learns_nothing() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let push = webhook::push(MAIN, NO_COMMIT, &repo.head(), "One");
    let answers =
        [("shop", "a guess"), ("no-such-app", "a guess"), ("no-such-app", WEBHOOK_SECRET)];
    for (source, secret) in answers {
        let answer = world.post_hook(source, secret, &push).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (401, &json!("NOT_SIGNED")));
    }
    assert_eq!(app.builds().await.len(), 0);
}

#[tokio::test]
async fn a_ping_tells_that_the_webhook_works() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let ping = webhook::delivery("ping", &json!({"zen": "Design for failure.", "hook_id": 1}));
    let answer = app.deliver(&ping).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (202, &json!("the webhook works")));
}

#[tokio::test]
async fn a_push_can_ask_not_to_be_deployed() {
    let (world, repo) = (World::start().await, shop());
    let app = world.register("shop", &repo).await;
    let first = app.push("One").await;
    app.live(1).await;
    let second = commit(&repo, "two");
    let skipped = webhook::push(MAIN, &first, &second, "Not yet [skip deploy]");
    assert_eq!(app.outcome(&skipped).await, "202 ignored");
    behave(&repo, &json!({"version": "three"}));
    app.push("A new model [skip ci]").await;
    assert_eq!((app.live(2).await.commit, app.builds().await.len()), (repo.head(), 2));
}

#[tokio::test]
async fn a_push_found_without_its_webhook_can_ask_so_too() {
    let world = World::with(&[("SLIPWAY_RECONCILE_EVERY", "1s")]).await;
    let repo = shop();
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    behave(&repo, &json!({"version": "two"}));
    repo.commit("Not yet [skip deploy]");
    let skipped = app.build_of(&repo.head()).await;
    assert_eq!(skipped.failure.expect("why").reason, "SKIP_ASKED");
    assert_eq!((app.releases().await.len(), app.version().await.as_str()), (1, "one"));
}
