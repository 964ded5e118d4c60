//! An app of several services: what is replaced and what stays, and what its containers are given.

use proto::v1::Release;
use proto::v1::release::State;
use serde_json::json;
use stories::{World, rework, rewrite};
use testkit::Load;

/// The services that a release replaced.
fn changed(release: &Release) -> Vec<&str> {
    let changed = release.services.iter().filter(|service| service.changed);
    changed.map(|service| service.service.as_str()).collect()
}

#[tokio::test]
async fn only_what_changed_is_replaced_and_data_stay() {
    let world = World::start().await;
    let repo = world.shop();
    let app = world.register("shop", &repo).await;
    app.ship_commit(1).await;
    app.users().post("/file?path=notes", &[], "kept").await.expect("an answer");
    let before = ["worker", "store"].map(|service| world.docker.id_of(service));
    let load = Load::steady(&app.users());
    rework(&repo, "web", &json!({"version": "two"}));
    let second = app.ship_commit(2).await;
    assert_eq!(load.stop().await.failed(), 0, "requests are held while web has no instance");
    assert_eq!((changed(&second), app.version().await.as_str()), (vec!["web"], "two"));
    assert_eq!(before, ["worker", "store"].map(|service| world.docker.id_of(service)));
    assert_eq!(app.users().get("/file?path=notes").await.expect("an answer").text(), "kept");
}

#[tokio::test]
async fn services_find_each_other_by_name() {
    let world = World::start().await;
    let repo = world.shop();
    let app = world.register("shop", &repo).await;
    app.ship_commit(1).await;
    let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    for service in ["web", "worker", "store"] {
        let found = app.json(&format!("/resolve?name={service}")).await;
        assert_eq!(found, json!([world.docker.inspect(service, address)]), "{service}");
    }
}

#[tokio::test]
async fn a_secret_reaches_its_container_and_is_seen_nowhere_else() {
    let world = World::start().await;
    let repo = world.shop();
    rewrite(&repo, "http:", "secrets: [API_KEY, { name: CERT, as: file }]\n    http:");
    let app = world.register("shop", &repo).await;
    app.set_secret("API_KEY", "first-value-of-the-key").await;
    app.set_secret("CERT", "the certificate").await;
    assert_eq!(app.ship_commit(1).await.secrets, ["API_KEY@1", "CERT@1"]);
    assert_eq!(app.json("/env").await["API_KEY"], "first-value-of-the-key");
    assert_eq!(world.docker.exec("web", &["cat", "/run/secrets/CERT"]), "the certificate");
    let shown = world.docker.inspect("web", "{{.Config.Labels}} {{.Path}} {{.Args}} {{.Name}}");
    assert!(!shown.contains("first-value"), "{shown}");
    assert!(!world.docker.inspect("worker", "{{.Config.Env}}").contains("API_KEY"));
    for service in stories::SERVICES {
        assert!(!world.log_of(service).contains("first-value"), "the log of {service}");
    }
}

#[tokio::test]
async fn a_new_value_of_a_secret_comes_with_a_release_and_goes_with_a_rollback() {
    let world = World::start().await;
    let repo = world.shop();
    rewrite(&repo, "http:", "secrets: [API_KEY]\n    http:");
    let app = world.register("shop", &repo).await;
    app.set_secret("API_KEY", "first").await;
    app.ship_commit(1).await;
    assert_eq!(app.set_secret("API_KEY", "second").await, 2);
    assert_eq!(app.json("/env").await["API_KEY"], "first", "what runs is not changed");
    app.deploy_ref("main").await.expect("a change");
    assert_eq!(changed(&app.live(2).await), ["web"], "the same images, another secret");
    assert_eq!(app.json("/env").await["API_KEY"], "second");
    app.rollback(0).await.expect("there is an earlier release");
    assert_eq!(app.live(3).await.secrets, ["API_KEY@1"]);
    assert_eq!(app.json("/env").await["API_KEY"], "first");
}

#[tokio::test]
async fn an_image_or_a_ref_is_deployed_by_hand() {
    let world = World::start().await;
    let repo = world.shop();
    let app = world.register("shop", &repo).await;
    let image = app.ship_commit(1).await.services.remove(1).image.expect("of web");
    rework(&repo, "web", &json!({"version": "two"}));
    app.ship_commit(2).await;
    let image = format!("{}@{}", image.repository, image.digest);
    app.deploy_image("web", &image).await.expect("a release");
    assert_eq!((changed(&app.live(3).await), app.version().await.as_str()), (vec!["web"], "one"));
    app.deploy_image("web", "web:latest").await.expect_err("a tag can be moved");
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    rework(&repo, "web", &json!({"version": "three"}));
    repo.commit("Not tracked");
    app.deploy_ref("feature").await.expect("a person may");
    assert_eq!(
        (app.live(4).await.git_ref.as_str(), app.version().await.as_str()),
        ("refs/heads/feature", "three")
    );
    app.deploy_ref("nowhere").await.expect_err("there is no such ref");
}

#[tokio::test]
async fn recreate_stops_the_old_one_first_and_starts_it_again_when_the_new_one_fails() {
    let world = World::start().await;
    let repo = world.shop();
    rewrite(&repo, "bake: 1s", "bake: 1s, strategy: recreate");
    let app = world.register("shop", &repo).await;
    app.ship_commit(1).await;
    let load = Load::steady(&app.users());
    rework(&repo, "web", &json!({"version": "two", "crash_at_start": true}));
    app.push("Crashes").await;
    let failed = app.release_in(2, &[State::Failed, State::RolledBack]).await;
    assert_eq!(failed.failure.expect("why").reason, "CRASHED");
    rework(&repo, "web", &json!({"version": "three"}));
    app.ship_commit(3).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!(report.by_version.keys().collect::<Vec<_>>(), ["one", "three"]);
}

#[tokio::test]
async fn a_plan_says_what_would_happen_and_does_nothing() {
    let world = World::start().await;
    let repo = world.shop();
    let app = world.register("shop", &repo).await;
    app.ship_commit(1).await;
    let before = (world.docker.containers(), app.releases().await);
    let plan = app.plan().await.expect("a plan").replace(&world.store_image(), "STORE");
    insta::assert_snapshot!(plan, @r"
    shop to production
    strategy  blue_green: new instances start beside the old ones and take all traffic in one step
    downtime  store, if its image changed, stops before its successor starts: one instance at a time may write volume records
    downtime  web, if its image changed, stops before its successor starts: one instance at a time may write volume notes
    service   store        keep or replace x1 replaced only if STORE is another image now
    service   web          keep or replace x1 replaced only if its content changed
    service   worker       keep or replace x1 replaced only if its content changed
    gate      start store  30s                its probe has decided after 18s at worst
    gate      start web    30s                its probe has decided after 18s at worst
    gate      start worker 30s                its probe has decided after 18s at worst
    gate      bake         1s                 the old release stays ready
    gate      settle       45s                store may take longest to drain and stop
    longest   2m16s for all gates together
    memory    0B for old and new together, without store, web, worker, which have no limit
    disk      6 images at once, 0B of new volumes
    ");
    assert_eq!(before, (world.docker.containers(), app.releases().await));
}
