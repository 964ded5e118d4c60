//! What runs is compared with what was released: each change by hand is told by its field, and nothing is
//! done about it that nobody wants.

use crate::watched::Watched;
use proto::v1::environment_drift::State;
use serde_json::json;
use stories::World;
use stories::fixture::chameleon;

/// Every change to a container that stays the same one.
#[tokio::test]
async fn a_change_by_hand_is_told_by_its_field() {
    let watched = Watched::in_mode("notify").await;
    a_limit(&watched).await;
    a_restart_policy(&watched).await;
    a_network_more(&watched).await;
    a_network_less(&watched).await;
    another_name(&watched).await;
    paused(&watched).await;
    stopped(&watched).await;
    watched.world.said("drift.detected", 7).await;
    watched.world.said("drift.healed", 5).await;
    let outcomes: Vec<String> = watched.history().await.into_iter().map(|it| it.outcome).collect();
    assert!(
        outcomes.contains(&"healed".to_owned()) && outcomes.contains(&"cleared".to_owned()),
        "{outcomes:?}"
    );
}

async fn a_limit(watched: &Watched) {
    watched.docker(&["update", "--memory=128m", "--memory-swap=128m", &watched.name()]);
    let finding = watched.differs("LIMITS", "limits.memory").await;
    let diff = finding.fields.iter().find(|it| it.field == "limits.memory").expect("there");
    let values = [&diff.released, &diff.baseline, &diff.now].map(String::as_str);
    assert_eq!(values, ["96MiB", "96MiB", "128MiB"]);
    assert!(
        finding.cause.contains("docker update") && finding.next_action.contains("adopt"),
        "{finding:?}"
    );
    watched.heal().await;
    assert_eq!(watched.inspect(&watched.name())["HostConfig"]["Memory"], 96 << 20);
}

async fn a_restart_policy(watched: &Watched) {
    watched.docker(&["update", "--restart=no", &watched.name()]);
    watched.differs("RESTART_POLICY", "restart_policy").await;
    watched.docker(&["update", "--restart=always", &watched.name()]);
    watched.until(State::InSync).await;
}

async fn a_network_more(watched: &Watched) {
    watched.docker(&["network", "connect", "bridge", &watched.name()]);
    let finding = watched.differs("NETWORK", "networks.bridge").await;
    assert!(finding.cause.contains("docker network connect"), "{}", finding.cause);
    watched.docker(&["network", "disconnect", "bridge", &watched.name()]);
    watched.until(State::InSync).await;
}

async fn a_network_less(watched: &Watched) {
    let network = watched.inspect(&watched.name())["HostConfig"]["NetworkMode"].clone();
    let network = network.as_str().expect("a name").to_owned();
    watched.docker(&["network", "disconnect", &network, &watched.name()]);
    watched.differs("NETWORK", &format!("networks.{network}")).await;
    watched.heal().await;
}

async fn another_name(watched: &Watched) {
    let name = watched.name();
    watched.docker(&["rename", &name, &format!("{name}-old")]);
    watched.differs("LABELS", "name").await;
    watched.heal().await;
    assert_eq!(watched.world.docker.containers(), [name]);
}

async fn paused(watched: &Watched) {
    watched.docker(&["pause", &watched.name()]);
    assert_eq!(watched.until(State::Missing).await.findings[0].reason, "STOPPED");
    watched.heal().await;
}

async fn stopped(watched: &Watched) {
    watched.docker(&["stop", "--time=1", &watched.name()]);
    assert_eq!(watched.until(State::Missing).await.findings[0].fields[0].now, "ended");
    watched.heal().await;
}

/// Every change for which somebody has to make another container.
#[tokio::test]
async fn a_container_made_by_hand_is_told_with_every_field_that_is_not_as_released() {
    let watched = Watched::in_mode("notify").await;
    the_same_again(&watched).await;
    another_variable(&watched).await;
    another_command(&watched).await;
    another_image(&watched).await;
    assert_eq!(watched.app().releases().await.len(), 1);
}

#[tokio::test]
async fn what_a_container_made_by_hand_may_do_more_is_told() {
    let watched = Watched::in_mode("notify").await;
    a_mount(&watched).await;
    a_port(&watched).await;
    more_privileges(&watched).await;
}

async fn the_same_again(watched: &Watched) {
    watched.remake(None, &[]);
    let finding = watched.differs("REPLACED", "container").await;
    assert!(finding.cause.contains("made another"), "{}", finding.cause);
    let reasons: Vec<_> = watched.check().await.findings.into_iter().map(|it| it.reason).collect();
    assert_eq!(reasons, ["REPLACED"]);
    watched.heal().await;
}

async fn another_variable(watched: &Watched) {
    watched.remake(None, &["--env", "COLOUR=crimson", "--env", "EXTRA=1"]);
    let finding = watched.differs("ENV", "env.COLOUR").await;
    watched.differs("ENV", "env.EXTRA").await;
    assert!(
        finding.fields[0].now.starts_with("hash:") && !format!("{finding:?}").contains("crimson")
    );
    watched.heal().await;
}

async fn another_command(watched: &Watched) {
    watched.remake(None, &["--workdir", "/tmp", "--stop-signal", "SIGINT"]);
    watched.differs("COMMAND", "stop_signal").await;
    watched.differs("COMMAND", "working_dir").await;
    watched.heal().await;
}

async fn a_mount(watched: &Watched) {
    watched.remake(None, &["--volume", "/tmp:/host-tmp:ro"]);
    let finding = watched.differs("MOUNTS", "mounts./host-tmp").await;
    assert_eq!(finding.fields[0].now, "bind /tmp read-only");
    watched.heal().await;
}

async fn a_port(watched: &Watched) {
    watched.remake(None, &["--publish", "127.0.0.1::8000"]);
    watched.differs("PORTS", "ports.8000/tcp").await;
    watched.heal().await;
}

async fn more_privileges(watched: &Watched) {
    watched.remake(None, &["--privileged", "--user", "12345", "--cap-add", "NET_ADMIN"]);
    for field in ["security.privileged", "security.cap_add", "user"] {
        watched.differs("PRIVILEGE", field).await;
    }
    watched.heal().await;
}

async fn another_image(watched: &Watched) {
    let other = watched.hotfix();
    watched.remake(Some(&other), &[]);
    let finding = watched.differs("IMAGE", "image").await;
    assert!(finding.cause.contains(&other), "{}", finding.cause);
    watched.heal().await;
    watched.docker(&["image", "rm", "--force", &other]);
}

#[tokio::test]
async fn a_container_that_was_removed_behind_our_back_is_missing() {
    let watched = Watched::in_mode("notify").await;
    watched.docker(&["rm", "--force", &watched.name()]);
    let drift = watched.until(State::Missing).await;
    assert_eq!(drift.findings[0].reason, "MISSING");
    let status = watched.world.slipway("status shop production").done();
    assert!(status.contains("shop/production  down") && status.contains("[MISSING]"), "{status}");
    watched.world.said("drift.detected", 1).await;
    assert_eq!(watched.world.docker.containers(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_manifest_lets_differ_is_shown_and_not_told() {
    let rules =
        "    drift: { mode: heal, ignore: [limits.*, { field: restart_policy, service: web }] }\n";
    let watched = Watched::with(rules, "", &json!({"version": "one"})).await;
    let name = watched.name();
    watched.docker(&["update", "--memory=128m", "--memory-swap=128m", "--restart=no", &name]);
    let drift = watched.until(State::Ignored).await;
    assert!(drift.findings.iter().all(|finding| finding.ignored), "{drift:?}");
    assert_eq!(watched.inspect(&name)["HostConfig"]["Memory"], 128 << 20);
}

#[tokio::test]
async fn a_container_with_our_labels_and_no_release_is_told_and_left_alone() {
    let watched = Watched::in_mode("heal").await;
    let label = |key: &str, value: &str| format!("slipway.{key}={value}");
    let labels = [
        label("instance", watched.world.platform()),
        label("app", "shop"),
        label("environment", "production"),
    ];
    let image =
        watched.inspect(&watched.name())["Config"]["Image"].as_str().expect("one").to_owned();
    let all: Vec<&str> = labels.iter().flat_map(|label| ["--label", label.as_str()]).collect();
    let made = watched.docker(&[&["create"], all.as_slice(), &[image.as_str()]].concat());
    assert_eq!(watched.until(State::Orphaned).await.findings[0].reason, "ORPHANED");
    assert_eq!(watched.inspect(&made)["Id"], made.as_str());
}

#[tokio::test]
async fn nothing_is_judged_where_nothing_is_compared() {
    let world = World::with(&[("SLIPWAY_MONITOR_EVERY", "1s")]).await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let text =
        stories::fixture::manifest("shop").replace("    bake: 1s", "    bake: 1s\n    drift: off");
    repo.write("slipway.yaml", &text);
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    let watched = Watched { world, repo };
    watched.until(State::Ignored).await;
    watched.docker(&["rm", "--force", &watched.name()]);
    assert_eq!(watched.check().await.state(), State::Ignored);
}
