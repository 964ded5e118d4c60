//! The command line against a platform that runs: what people read, what scripts get.

use crate::tell::ageless;
use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{behave, chameleon, start_slowly};
use stories::{ADMIN_TOKEN, World};

#[tokio::test(flavor = "multi_thread")]
async fn releases_are_followed_and_taken_back() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    app.ship(&json!({"version": "two"}), 2).await;
    let shown = world.slipway("releases shop production 2").done();
    assert!(shown.contains("✓ settling") && shown.contains("1 instance stopped"), "{shown}");
    let followed = world.slipway("rollback shop production --reason prices --wait").done();
    assert!(followed.contains("#3: back to #1") && followed.contains("#3 is live"), "{followed}");
    assert_eq!(app.version().await, "one");
    let listed = world.slipway("releases shop --limit 2").done();
    assert!(listed.contains("#3  live") && listed.contains("#2  retained, pinned"), "{listed}");
    assert!(listed.contains("rollback: prices"), "{listed}");
    assert!(world.slipway("status shop").done().contains("serving  #3    back to #1"));
    assert_eq!(
        world.slipway("unpin shop production").done(),
        "shop/production #2 is no longer pinned\n"
    );
    assert!(world.slipway("deploy shop production --wait").done().contains("#4 is live"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_moves_is_cancelled_and_the_one_who_waits_is_told() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    start_slowly(&repo, "shop");
    repo.commit("Slow to start");
    let waits = world.slipway_begins("deploy shop production --wait");
    app.release_in(2, &[State::Starting]).await;
    let asked = world.slipway("cancel shop production").done();
    assert!(asked.starts_with("shop/production #2 is asked to end"), "{asked}");
    let waited = waits.ran();
    assert_eq!(waited.status, 7, "{waited:?}");
    assert!(waited.out.contains("shop/production #2 was cancelled"), "{}", waited.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_is_held_turned_away_and_let_in_again() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let said = ["pause", "maintenance", "resume"]
        .map(|line| world.slipway(&format!("{line} shop production")).done());
    insta::assert_snapshot!(said.concat(), @"
    shop/production is paused: requests wait
    shop/production is in maintenance: requests are answered with 503
    shop/production is serving
    ");
    assert_eq!(app.version().await, "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_set_listed_and_removed() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    let add = format!("app add shop {} --git-token-file -", repo.path().display());
    let nowhere = world.slipway_as(ADMIN_TOKEN, &format!("{add} --branch nowhere"), "t0ken\n");
    assert!(nowhere.failed().contains("there is no branch nowhere"));
    let dry = world.slipway_as(ADMIN_TOKEN, &format!("{add} --dry-run"), "t0ken\n").done();
    assert!(dry.contains("shop can be registered"), "{dry}");
    let added = world.slipway_as(ADMIN_TOKEN, &add, "t0ken\n").done();
    assert!(added.contains("shop is registered"), "{added}");
    assert!(world.slipway("secret list shop").done().contains("GIT_TOKEN  all"));
    assert!(!world.slipway("secret remove shop GIT_TOKEN").done().is_empty());
    let mut said = String::new();
    for value in ["first\n", "second\n"] {
        let set = "secret set shop API_KEY -e production";
        said += &world.slipway_as(ADMIN_TOKEN, set, value).done();
    }
    said += &world.slipway("secret list shop -e production").done();
    said += &world.slipway("secret remove shop API_KEY -e production").done();
    said += &world.slipway("secret list shop -e production").done();
    insta::assert_snapshot!(ageless(&said), @"
    API_KEY is set, version 1; releases made from now on use it
    API_KEY is set, version 2; releases made from now on use it
    SECRET   ENVIRONMENT  VERSION  BY         AGE
    API_KEY  production   2        bootstrap
    API_KEY is removed
    no secrets
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_listed_and_revoked() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    world.register("shop", &repo).await;
    let made = world.slipway("token create ci --role viewer --app shop").done();
    let token = made.lines().next().expect("the token").to_owned();
    let said = [
        ageless(&world.slipway("token list").done()),
        world.slipway_as(&token, "pause shop production", "").failed(),
        world.slipway("token revoke ci").done().trim_end().to_owned(),
        world.slipway_as(&token, "status", "").failed(),
    ];
    insta::assert_snapshot!(said.join("\n"), @"
    TOKEN  MAY             EXPIRES  LAST USED  AGE
    ci     viewer of shop  never
    4 error: ci needs the role deployer in shop/production [PERMISSION_DENIED] | ask an admin for a token with that right; `slipway token list` shows who has what
    ci is revoked
    4 error: the token is not known, has expired or was ended [UNAUTHENTICATED] | set SLIPWAY_TOKEN_FILE to a file with a token; an admin makes one with `slipway token create`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_events_builds_and_drift_are_read() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    assert!(world.slipway("build-log --app shop --follow").done().contains("layers pushed"));
    let listed = world.slipway("deliveries list --source shop -o json").json();
    let delivery = listed["deliveries"][0]["name"].as_str().expect("a name").to_owned();
    assert!(world.slipway(&format!("deliveries show {delivery}")).done().contains("accepted"));
    let replayed = world.slipway(&format!("deliveries replay {delivery}")).done();
    assert!(replayed.contains("accepted") || replayed.contains("ignored"), "{replayed}");
    world.said("release.live", 1).await;
    let events = world.slipway("events --app shop --type release.live --tail 1000").done();
    assert_eq!(events.lines().count(), 2, "{events}");
    assert!(events.contains("release.live            shop/production       #1  live"), "{events}");
    assert!(world.slipway("builds shop").done().contains("succeeded"));
    assert!(world.slipway("logs shop production").done().contains("version one listens"));
    assert!(world.slipway("drift shop production").done().contains("in sync"));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_json_from_every_list() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    for line in [
        "app list",
        "app show shop",
        "releases",
        "releases shop production 1",
        "status",
        "builds shop",
        "drift shop",
        "drift shop production",
        "secret list shop",
        "token list",
        "deliveries list",
        "plan -e production --app shop",
        "pause shop production",
        "resume shop production",
    ] {
        let answer = world.slipway(&format!("{line} --output json")).json();
        assert!(answer.is_object(), "{line}: {answer}");
    }
    let error = world.slipway("status none --output json");
    let told: serde_json::Value = serde_json::from_str(&error.complaint).expect("JSON");
    assert_eq!((error.status, &told["error"]["reason"]), (3, &json!("NOT_FOUND")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_says_why_and_ends_with_its_status() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let told = FAILING.map(|line| format!("{line}: {}", world.slipway(line).failed()));
    insta::assert_snapshot!(told.join("\n"), @r#"
    app show none: 3 error: there is no app none; known: shop [NOT_FOUND]
    releases none: 3 error: there is no app none; known: shop [NOT_FOUND]
    status none: 3 error: there is no app none; known: shop [NOT_FOUND]
    status shop staging: 3 error: there is no environment shop/staging; known: production [NOT_FOUND]
    builds none: 3 error: there is no app none; known: shop [NOT_FOUND]
    build-log --app none: 3 error: there is no app none; known: shop [NOT_FOUND]
    drift none: 3 error: there is no app none; known: shop [NOT_FOUND]
    secret list none: 3 error: there is no app none; known: shop [NOT_FOUND]
    secret set none KEY: 3 error: there is no app none; known: shop [NOT_FOUND]
    deliveries list --source none: 3 error: there is no app none; known: shop [NOT_FOUND]
    events --app none: 3 error: there is no app none; known: shop [NOT_FOUND]
    deploy none production: 3 error: there is no app none; known: shop [NOT_FOUND]
    rollback none production: 3 error: there is no app none; known: shop [NOT_FOUND]
    releases shop prodction: 3 error: there is no environment shop/prodction; did you mean `production`? [NOT_FOUND]
    secret set shop KEY -e prodction: 3 error: there is no environment shop/prodction; did you mean `production`? [NOT_FOUND]
    token create ci --role viewer --app shpo: 3 error: there is no app shpo; did you mean `shop`? [NOT_FOUND]
    plan --app shpo -e production: 3 error: there is no app shpo; did you mean `shop`? [NOT_FOUND]
    plan --app shop -e prodction: 3 error: there is no environment shop/prodction; did you mean `production`? [NOT_FOUND]
    logs shop prodction: 3 error: there is no environment shop/prodction; did you mean `production`? [NOT_FOUND]
    logs shop production --service wbe: 3 error: there is no service wbe in shop/production #1; did you mean `web`? [NOT_FOUND]
    logs shop production --release 99: 3 error: there is no release apps/shop/environments/production/releases/99 [NOT_FOUND]
    deploy shop prodction --wait: 3 error: there is no environment shop/prodction; did you mean `production`? [NOT_FOUND]
    releases shop production 99: 3 error: there is no release apps/shop/environments/production/releases/99 [NOT_FOUND]
    rollback shop production 99: 3 error: there is no release 99 in apps/shop/environments/production [NOT_FOUND]
    rollback shop production 1: 6 error: release 1 has the content that is live already [LIVE_ALREADY]
    rollback shop production: 6 error: there is no earlier release to go back to that was not left itself; `slipway releases` lists all of them, and a number chooses any [NOTHING_TO_RESTORE]
    unpin shop production: 3 error: no release of shop/production is pinned
    cancel shop production: 6 error: no release of shop/production moves
    deploy shop production --ref nowhere: 2 error: git_ref: there is no branch or tag nowhere in the repository [INVALID_ARGUMENT]
    deploy shop production --image web=web:latest: 2 error: invalid value 'web=web:latest' for '--image <SERVICE=IMAGE@DIGEST>': use SERVICE=REPOSITORY@sha256:..., because a tag can be moved |  | For more information, try '--help'.
    token create boss --role admin --app shop: 2 error: token.grants: an admin has no scope; use deployer [INVALID_ARGUMENT]
    events --type release.nonsense: 2 error: types: there is no event type release.nonsense [INVALID_ARGUMENT]
    secret set shop bad-name: 2 error: name: secret name "bad-name" is not valid: use 1 to 128 letters, digits and '_', not starting with a digit, like an environment variable [INVALID_ARGUMENT]
    "#);
    behave(&repo, &json!({"version": "two", "crash_at_start": true}));
    repo.commit("Crashes");
    let failed = world.slipway("deploy shop production --wait");
    assert_eq!(failed.status, 1, "{failed:?}");
    assert!(failed.out.contains("✗ CRASHED"), "{}", failed.out);
    assert!(failed.out.contains("✗ starting") && failed.out.contains("· failed"), "{}", failed.out);
    let nobody = world.slipway("status --server http://127.0.0.1:9").failed();
    assert_eq!(nobody.split(" | ").next(), Some("5 error: nobody answers at http://127.0.0.1:9"));
}

const FAILING: [&str; 33] = [
    "app show none",
    "releases none",
    "status none",
    "status shop staging",
    "builds none",
    "build-log --app none",
    "drift none",
    "secret list none",
    "secret set none KEY",
    "deliveries list --source none",
    "events --app none",
    "deploy none production",
    "rollback none production",
    "releases shop prodction",
    "secret set shop KEY -e prodction",
    "token create ci --role viewer --app shpo",
    "plan --app shpo -e production",
    "plan --app shop -e prodction",
    "logs shop prodction",
    "logs shop production --service wbe",
    "logs shop production --release 99",
    "deploy shop prodction --wait",
    "releases shop production 99",
    "rollback shop production 99",
    "rollback shop production 1",
    "rollback shop production",
    "unpin shop production",
    "cancel shop production",
    "deploy shop production --ref nowhere",
    "deploy shop production --image web=web:latest",
    "token create boss --role admin --app shop",
    "events --type release.nonsense",
    "secret set shop bad-name",
];

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_it_found_of_everything() {
    let world = World::start().await;
    let ran = world.slipway("doctor --output json");
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON, well or not");
    let found = found.as_array().expect("findings");
    let is_bad = found.iter().any(|finding| finding["health"] == "fail");
    assert_eq!(ran.status, i32::from(is_bad), "the exit status says whether something is broken");
    for finding in found {
        let needs_advice = finding["health"] != "ok";
        assert_eq!(needs_advice, finding["advice"] != "", "{finding}");
    }
    let text = world.slipway("doctor").out;
    for finding in found {
        assert!(text.contains(finding["name"].as_str().expect("a name")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_are_scripts_that_know_every_command() {
    let world = World::start().await;
    for shell in ["bash", "zsh", "fish"] {
        let script = world.slipway(&format!("completions {shell}")).done();
        for command in ["deploy", "rollback", "status", "doctor"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    let script = world.slipway("completions bash").done();
    let completes = format!(
        "{script}\nCOMP_WORDS=(slipway roll); COMP_CWORD=1; _slipway slipway roll slipway; echo \"${{COMPREPLY[@]}}\""
    );
    // It is longer than an argument may be.
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), completes).expect("the script");
    let bash = std::process::Command::new("bash").arg(file.path()).output();
    let answer = bash.expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "rollback");
}
