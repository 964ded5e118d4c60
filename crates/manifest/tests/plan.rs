//! What `slipway plan` says.

use events::EnvironmentName;
use insta::assert_snapshot;
use manifest::{Resolved, plan, resolve};

const FRAUD: &str = include_str!("data/fraud-detection.yaml");

fn resolved(text: &str, environment: &str) -> Resolved {
    let manifest = manifest::parse(text).expect("is good");
    let environment = EnvironmentName::parse(environment).expect("a good name");
    resolve(&manifest, &manifest, &environment).expect("resolves")
}

#[test]
fn a_first_release_skips_the_steps_and_not_the_gates() {
    assert_snapshot!(plan(&resolved(FRAUD, "production"), None), @r#"
    fraud-detection-api to production
    look at   service mlflow counts as ready as soon as its port is open: write `health.ready: { get: /path }`
    strategy  first: nothing runs yet: it passes its gates, then takes all traffic, without steps
    downtime  0 s
    service   api          start x2           it does not run yet
    service   mlflow       start x1           it does not run yet
    wait      soak         1h                 it takes what was live in staging for 1h, by itself; what is pushed here waits for that too
    wait      approval     1d                 1 person must agree, or it has failed
    wait      freeze       2d12h              inside the window it waits for its end (Europe/Berlin)
    gate      dependencies 1m                 it must answer
    gate      job migrate  10m                its timeout
    gate      job setup    30m                its timeout
    gate      start api    7m                 its probe has decided after 5m45s at worst
    gate      start mlflow 5m                 its probe has decided after 45s at worst
    gate      warm-up      30s                api takes longest
    gate      verify       5s500ms            2 requests
    gate      bake         5m                 nothing is there to go back to
    longest   58m35s500ms for all gates together
    compared  10% of the requests to api /predict with data/reference.csv, by "0 2 * * *" in UTC
    memory    1GiB for old and new together, without mlflow, which has no limit
    disk      2 images at once, 0B of new volumes, and mlflow-data, pip-cache of unknown size
    "#);
}

#[test]
fn dependencies_outside_the_app_are_waited_for_one_after_the_other() {
    let text = "app: a\nservices:\n  api:\n    build: .\n    depends_on: [cache, { http: \"http://cache:80/ready\" }, \
                { tcp: \"db:5432\", within: 30s }, { http: \"http://auth/health\", within: 20s }]\n  \
                cache: { image: redis }\nenvironments: { p: { track: { branch: x } } }";
    let plan = plan(&resolved(text, "p"), None);
    let gate = plan.gates.iter().find(|gate| gate.name == "dependencies").expect("a gate");
    assert_eq!(gate.longest.to_string(), "50s");
    assert_eq!(gate.why, "2 must answer, one after the other");
}

#[test]
fn a_canary_says_what_it_waits_for_and_why_there_is_downtime() {
    let running = resolved(FRAUD, "production");
    let changed = FRAUD.replace("replicas: 2", "replicas: 3").replace("pids: 256", "pids: 128");
    assert_snapshot!(plan(&resolved(&changed, "production"), Some(&running)), @r#"
    fraud-detection-api to production
    look at   service mlflow counts as ready as soon as its port is open: write `health.ready: { get: /path }`
    strategy  canary: traffic moves by 10%, 50%, 100%, each step judged over 5m
    downtime  mlflow, if its image changed, stops before its successor starts: one instance at a time may write volume mlflow-data
    service   api          replace x3         changed: replicas, resources
    service   mlflow       keep or replace x1 replaced only if ghcr.io/mlflow/mlflow:v2.14.1 is another image now
    wait      soak         1h                 it takes what was live in staging for 1h, by itself; what is pushed here waits for that too
    wait      approval     1d                 1 person must agree, or it has failed
    wait      freeze       2d12h              inside the window it waits for its end (Europe/Berlin)
    gate      dependencies 1m                 it must answer
    gate      job migrate  10m                its timeout
    gate      start api    7m                 its probe has decided after 5m45s at worst
    gate      start mlflow 5m                 its probe has decided after 45s at worst
    gate      warm-up      30s                api takes longest
    gate      verify       5s500ms            2 requests
    gate      shift        10m                2 steps of 5m before all traffic, if they are conclusive
    gate      bake         5m                 the old release stays ready
    gate      settle       45s                mlflow may take longest to drain and stop
    longest   39m20s500ms for all gates together
    judged    errors       1% at most         more requests fail, in points
    judged    p95          20% at most        slower
    judged    predictions  10% at most        are elsewhere, in points; a person is asked about more
    compared  10% of the requests to api /predict with data/reference.csv, by "0 2 * * *" in UTC
    memory    2560MiB for old and new together, without mlflow, which has no limit
    disk      4 images at once, 0B of new volumes
    "#);
}

#[test]
fn who_must_agree_is_named_and_that_all_must_is_remarked() {
    let text = |count: u32| {
        format!(
            "app: a\nservices: {{ api: {{ build: . }} }}\nenvironments: {{ p: {{ track: {{ branch: x }}, \
             approval: {{ count: {count}, from: [ada, bo] }} }} }}"
        )
    };
    let one = plan(&resolved(&text(1), "p"), None);
    assert_snapshot!(one.waits[0].why, @"1 of ada, bo must agree, or it has failed");
    assert_eq!(one.remarks, [""; 0]);
    let all = plan(&resolved(&text(2), "p"), None);
    assert_snapshot!(all.remarks.join("\n"), @"approval is asked of everybody who may agree (ada, bo): what one of them pushes or asks for is refused, because nobody agrees to their own");
}

#[test]
fn steps_that_are_held_for_their_own_time_are_told_so() {
    let text = "app: a\nservices: { api: { build: ., http: 80 } }\nenvironments: { p: { track: { branch: x }, \
                strategy: { canary: { steps: [{ weight: 10, hold: 30m }, 50, 100], hold: 5m } } } }";
    let there = resolved(text, "p");
    let planned = plan(&there, Some(&there));
    assert_snapshot!(planned.why, @"traffic moves by 10% judged over 30m, 50% judged over 5m, 100%");
    let shift = planned.gates.iter().find(|gate| gate.name == "shift").expect("a gate");
    assert_snapshot!(format!("{}: {}", shift.longest, shift.why), @"35m: 30m at 10% and 5m at 50% before all traffic, if they are conclusive");
}

/// A canary that may pass after so long.
fn that_passes_after(span: &str) -> String {
    format!(
        "app: a\nservices: {{ api: {{ build: ., http: 80 }} }}\nenvironments: {{ p: {{ track: {{ branch: x }}, \
         strategy: {{ canary: {{ hold: 30m, pass_after: {span} }} }} }} }}"
    )
}

#[test]
fn what_is_shown_early_goes_on_early() {
    let there = resolved(&that_passes_after("1m"), "p");
    let planned = plan(&there, Some(&there));
    assert_snapshot!(planned.why, @"traffic moves by 10%, 50%, 100%, each step judged over 30m, or 1m where it is shown by then to be no worse");
    let shift = planned.gates.iter().find(|gate| gate.name == "shift").expect("a gate");
    assert_snapshot!(format!("{}: {}", shift.longest, shift.why), @"1h: 2 steps of 30m before all traffic, if they are conclusive, or of 1m that are shown by then to be no worse");
    let refused = manifest::parse(&that_passes_after("1h")).expect_err("longer than the hold");
    assert_snapshot!(refused.to_string(), @"slipway.yaml:3:89 environments.p.strategy.canary.pass_after: 1h is out of range (use a duration from 1s to 30m)");
}

#[test]
fn a_shadow_says_what_is_copied_and_for_how_long() {
    let text = "app: a\nservices: { api: { build: ., http: 80 } }\nenvironments: { p: { track: { branch: x }, \
                strategy: { shadow: { share: 20%, for: 5m, methods: [GET, POST] } } } }";
    let there = resolved(text, "p");
    let planned = plan(&there, Some(&there));
    assert_snapshot!(planned.why, @"20% of the GET and POST requests are copied to the new instances for 5m; their answers are compared and thrown away, then all traffic moves in one step");
    let shift = planned.gates.iter().find(|gate| gate.name == "shift").expect("a gate");
    assert_eq!(shift.longest.to_string(), "5m");
    assert!(plan(&there, None).gates.iter().all(|gate| gate.name != "shift"));
}

#[test]
fn what_will_judge_a_candidate_is_named_with_where_it_is_read() {
    let queue = "queue: { prometheus: { url: \"http://prometheus:9090\", query: \"q{number}\" }, period: 1m }";
    let hits = "hits: { instances: { service: api, get: /stats, pointer: /hits }, better: higher }";
    let calls = "calls: { http: { url: \"https://desk.example.com/{number}?key=k\", pointer: /count }, least: 3 }";
    let text = format!(
        "app: a\nservices: {{ api: {{ build: ., http: 80 }} }}\nenvironments: {{ p: {{ track: {{ branch: x }}, strategy: \
         {{ shadow: {{ analysis: {{ readings: {{ {queue}, {hits}, {calls} }} }} }} }} }} }}"
    );
    let there = resolved(&text, "p");
    let planned = plan(&there, Some(&there)).to_string();
    let judged: Vec<_> = planned.lines().filter(|line| line.starts_with("judged")).collect();
    assert_snapshot!(judged.join("\n"), @r"
    judged    errors       1% at most         more requests fail, in points
    judged    differences  1% at most         answers are others
    judged    p95          20% at most        slower
    judged    calls        20% at most        higher by more than 3: /count of https://desk.example.com/{number}, each 30s
    judged    hits         20% at most        lower: /hits of /stats of each instance of api, each 30s
    judged    queue        20% at most        higher: a query at http://prometheus:9090, each 1m
    ");
    assert!(plan(&there, None).judged.is_empty(), "nothing is there to be compared with");
}

#[test]
fn a_service_that_went_is_removed_and_its_volumes_stay() {
    let text = |services: &str| {
        format!(
            "app: a\nservices: {{ {services} }}\nenvironments: {{ p: {{ track: {{ branch: x }} }} }}"
        )
    };
    let running = resolved(&text("api: { build: ., http: 80 }, old: { image: redis }"), "p");
    assert_snapshot!(plan(&resolved(&text("api: { build: ., http: 80 }"), "p"), Some(&running)), @r#"
    a to p
    look at   service api counts as ready as soon as its port is open: write `health.ready: { get: /path }`
    strategy  blue_green: new instances start beside the old ones and take all traffic in one step
    downtime  0 s
    service   api          keep or replace x1 replaced only if its content changed
    service   old          remove x0          the manifest does not have it any more; its volumes stay
    gate      start api    5m                 its probe has decided after 45s at worst
    gate      bake         1m                 the old release stays ready
    gate      settle       45s                api may take longest to drain and stop
    longest   6m45s for all gates together
    memory    0B for old and new together, without api, which has no limit
    disk      3 images at once, 0B of new volumes
    "#);
}

#[test]
fn recreating_is_downtime_and_says_why() {
    let text = "app: a\nservices: { api: { build: ., http: 80, resources: { memory: 1GiB } } }\n\
                environments: { p: { track: { branch: x }, strategy: recreate, bake: 0s } }";
    let plan = plan(&resolved(text, "p"), Some(&resolved(text, "p")));
    assert_snapshot!(plan.downtime.join("\n"), @"api, if its image changed, stops before its successor starts: the environment's strategy is recreate");
    assert_eq!(plan.memory.limits.to_string(), "1GiB");
}

#[test]
fn what_cannot_be_undone_is_said_beforehand() {
    let text = FRAUD.replace("at: before_release", "at: before_release, irreversible: true");
    let said = plan(&resolved(&text, "production"), None).to_string();
    let wanted =
        "way back  only when a person says so, once job migrate has run: it is irreversible\n";
    assert!(said.contains(wanted), "{said}");
}

#[test]
fn a_warm_cache_has_a_gate_of_its_own() {
    let text = "app: a\nservices: { api: { build: ., http: 80, volumes: [{ name: m, path: /m, class: cache }], \
                cache: { check: [test, -e, /m/all] } } }\nenvironments: { p: { track: { branch: x } } }";
    let plan = plan(&resolved(text, "p"), None);
    let gate = plan.gates.iter().find(|gate| gate.name == "start api").expect("a gate");
    assert_snapshot!(gate.why, @"its probe has decided after 45s at worst; 1m if its cache is warm here");
}
