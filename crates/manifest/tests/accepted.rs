//! Manifests that are accepted, and what they resolve to.

use events::{EnvironmentName, GitRef, ServiceName};
use insta::assert_snapshot;
use manifest::{
    Bytes, Manifest, Replace, Resolved, ResolvedService, ResolvedTarget, SecretPlace, Strategy,
    resolve,
};

const FRAUD: &str = include_str!("data/fraud-detection.yaml");

fn good(text: &str) -> Manifest {
    manifest::parse(text).expect("is accepted")
}

fn environment(name: &str) -> EnvironmentName {
    EnvironmentName::parse(name).expect("a good name")
}

fn resolved(text: &str, name: &str) -> Resolved {
    resolve(&good(text), &good(text), &environment(name)).expect("resolves")
}

/// A service `api` with these keys, in an environment `p` with those.
fn app(service: &str, place: &str) -> String {
    format!(
        "app: shop\nservices:\n  api: {{ build: ., {service} }}\n\
         environments:\n  p: {{ track: {{ branch: main }}, {place} }}\n"
    )
}

fn api(text: &str) -> ResolvedService {
    let name = ServiceName::parse("api").expect("a good name");
    resolved(text, "p").services.remove(&name).expect("has the service")
}

fn routes(services: &str, paths: &str) -> String {
    let text = format!(
        "app: shop\nservices: {{ {services} }}\n\
         environments: {{ p: {{ track: {{ branch: main }}, paths: {{ {paths} }} }} }}"
    );
    let routes = resolved(&text, "p").routes;
    let words: Vec<_> =
        routes.iter().map(|r| format!("{} -> {}", r.path_prefix, r.service)).collect();
    words.join(", ")
}

#[test]
fn ci_is_waited_for_by_name_or_as_a_whole() {
    let wait = |given: &str| {
        let resolved = resolved(&app("http: 1", &format!("wait_for_ci: {given}")), "p");
        let wait = resolved.wait_for_ci.expect("is asked for");
        format!("{} within {}", wait.required, wait.within)
    };
    assert_eq!(wait("true"), "every status and check run of the commit within 1h");
    assert_eq!(wait("[unit, ci/lint]"), "unit, ci/lint within 1h");
    assert_eq!(wait("{ required: [unit], within: 20m }"), "unit within 20m");
}

#[test]
fn a_canary_is_judged_by_readings_and_own_requests_if_it_says_so() {
    let canary = |keys: &str| {
        let place = format!("strategy: {{ canary: {{ {keys} }} }}");
        let resolved = resolved(&app("http: 1", &place), "p");
        let Strategy::Canary(canary) = resolved.strategy else { panic!("{place}") };
        canary
    };
    let usual = canary("hold: 5m");
    let stored = serde_json::to_string(&usual).expect("is JSON");
    for new in ["readings", "synthetic", "insiders", "p50", "p99"] {
        assert!(!stored.contains(new), "as before: {stored}");
    }
    let query = r#"'queue{at=~"{instances}"}'"#;
    let queue = format!("queue: {{ prometheus: {{ url: \"http://p:9090\", query: {query} }} }}");
    let hits = "hits: { instances: { service: api, get: /stats, pointer: /hits }, better: higher }";
    let full = canary(&format!(
        "analysis: {{ readings: {{ {queue}, {hits} }} }}, synthetic: {{ requests: [{{ get: / }}] }}"
    ));
    let periods = full.analysis.readings.iter().map(|(name, it)| format!("{name} {}", it.period));
    assert_eq!(periods.collect::<Vec<_>>(), ["hits 30s", "queue 30s"]);
    assert_eq!(full.synthetic.map(|own| own.per_minute), Some(60));
    let insiders = canary(
        "insiders: [{ header: { name: x-beta, is: yes } }, { address: [10.0.0.0/8, 192.0.2.7] }]",
    );
    assert_eq!(insiders.insiders.len(), 2);
}

#[test]
fn the_whole_grammar_resolves_in_every_environment() {
    assert_eq!(resolved(FRAUD, "development").strategy, Strategy::BlueGreen);
    let hosts = |name| resolved(FRAUD, name).hosts[0].to_string();
    assert_eq!(hosts("development"), "development.fraud-detection-api.localhost");
    assert_eq!(hosts("staging"), "staging.example.com");
    let production = resolved(FRAUD, "production");
    assert!(matches!(production.strategy, Strategy::Canary(canary) if canary.steps.len() == 3));
    assert_eq!(production.approval.expect("is asked for").expires.as_millis(), 86_400_000);
    assert_eq!(production.freeze[0].timezone.as_str(), "Europe/Berlin");
}

#[test]
fn a_resolved_manifest_is_stored_and_read_unchanged() {
    for name in ["development", "staging", "production"] {
        let resolved = resolved(FRAUD, name);
        let stored = serde_json::to_string(&resolved).expect("is JSON");
        let read: Resolved = serde_json::from_str(&stored).expect("was stored by us");
        assert_eq!(read, resolved);
        assert_eq!(serde_json::to_string(&read).expect("is JSON"), stored);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one answer, shown whole")]
fn a_service_is_stored_like_this() {
    let service = api(&app("http: 8000, replicas: 2, secrets: [KEY], env: { PORT: 08000 }", ""));
    assert_snapshot!(serde_json::to_string_pretty(&service).expect("is JSON"), @r#"
    {
      "source": {
        "build": {
          "context": ".",
          "dockerfile": "Dockerfile",
          "target": null,
          "args": {},
          "secrets": [],
          "timeout": 3600000
        }
      },
      "command": null,
      "entrypoint": null,
      "http": {
        "port": 8000,
        "protocol": "http1"
      },
      "replicas": 2,
      "env": {
        "PORT": "08000"
      },
      "secrets": [
        {
          "name": "KEY",
          "place": "env"
        }
      ],
      "health": {
        "live": null,
        "ready": {
          "target": {
            "tcp": {
              "port": 8000
            }
          },
          "initial_delay": 0,
          "period": 10000,
          "timeout": 5000,
          "successes": 1,
          "failures": 3
        },
        "start_period": 0,
        "gate": 300000,
        "steady": 10000
      },
      "warmup": {
        "lasts": 0,
        "requests": []
      },
      "volumes": [],
      "resources": {
        "cpus": null,
        "memory": null,
        "pids": 512
      },
      "stop": {
        "drain": 15000,
        "grace": 30000
      },
      "depends_on": [],
      "user": null,
      "read_only": false,
      "init": true,
      "replace": "beside"
    }
    "#);
}

#[test]
fn pushes_go_where_they_are_tracked() {
    let manifest = good(FRAUD);
    let tracking = |git_ref: &str| {
        let git_ref = GitRef::parse(git_ref).expect("a good ref");
        let names = manifest.environments_tracking(&git_ref);
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(tracking("refs/heads/master"), "production");
    assert_eq!(tracking("refs/heads/staging"), "staging");
    assert_eq!(tracking("refs/tags/v1.2.3"), "staging");
    assert_eq!(tracking("refs/heads/v1"), "");
}

#[test]
fn a_pre_release_goes_only_where_a_pattern_means_it() {
    let takes = |pattern: &str, tag: &str| {
        let manifest =
            good(&app("http: 1", "keep: 1").replace("branch: main", &format!("tag: {pattern}")));
        !manifest.environments_tracking(&GitRef::tag(tag).expect("a tag")).is_empty()
    };
    assert!(takes("\"v*\"", "v2.0.0") && takes("\"v*\"", "v2-of-the-site"));
    assert!(!takes("\"v*\"", "v2.0.0-rc.1") && !takes("\"**\"", "api/v2.0.0-rc.1"));
    assert!(takes("[\"v*\", \"v*-*\"]", "v2.0.0-rc.1") && takes("\"v*-rc.*\"", "v2.0.0-rc.1"));
}

#[test]
fn where_releases_are_promoted_from_is_found_and_said() {
    let manifest = good(FRAUD);
    let from = |source: &str| {
        let source = environment(source);
        let found = manifest.promoting_from(&source).map(|(to, from)| format!("{to} takes {from}"));
        found.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(from("staging"), "production takes what was live in staging for 1h, by itself");
    assert_eq!(from("production"), "");
    let stored = serde_json::to_value(&resolved(FRAUD, "production").promote_from).expect("JSON");
    assert_eq!(
        stored.to_string(),
        r#"{"environment":"staging","soak":3600000}"#,
        "as it was stored before"
    );
}

#[test]
fn a_branch_cannot_give_itself_an_environment() {
    let policy = good(&app("http: 1", "approval: 2"));
    let shape = good(
        &app("http: 2", "approval: 1, host: x.y").replace("  p:", "  q: { promote_from: p }\n  p:"),
    );
    let resolved = resolve(&shape, &policy, &environment("p")).expect("resolves");
    assert_eq!(resolved.approval.expect("is policy").count, 2);
    assert_eq!(resolved.hosts[0].as_str(), "p.shop.localhost");
    assert!(resolved.services.values().all(|s| s.http.as_ref().is_some_and(|h| h.port.get() == 2)));
    let error = resolve(&shape, &policy, &environment("q")).expect_err("is not policy");
    assert_snapshot!(error, @"the manifest on the default branch has no environment q");
}

#[test]
fn a_branch_cannot_let_itself_be_retrained() {
    let drift = |mode: &str| {
        let capture = "capture: { service: api, path: /, features: { a: /a } }";
        let job = "jobs: { t: { service: api, command: [x], at: manual, commit: { paths: [m] } } }";
        let data = format!("{{ reference: r.csv, {capture}, retrain: {{ mode: {mode} }} }}");
        good(&(app("http: 1", "approval: 2") + &format!("{job}\ndrift: {{ data: {data} }}\n")))
    };
    let resolved =
        resolve(&drift("automatic"), &drift("propose"), &environment("p")).expect("resolves");
    let retrain = resolved.drift.data.expect("is compared").retrain.expect("is policy");
    assert_eq!(retrain.mode, manifest::RetrainMode::Propose);
}

#[test]
fn an_environment_says_when_its_data_are_compared() {
    let data = "drift:\n  runtime: heal\n  data:\n    reference: r.csv\n    capture: { service: api, path: /, features: { a: /a } }\n";
    let own = "drift: { data: { schedule: \"30 */4 * * *\" } }";
    let resolved = |shape: &str, policy: &str| {
        let [shape, policy] = [shape, policy].map(|place| good(&(app("http: 1", place) + data)));
        resolve(&shape, &policy, &environment("p")).expect("resolves").drift
    };
    let (usual, here) = (resolved(own, ""), resolved("", own));
    let schedule = |drift: &manifest::Drift| drift.data.as_ref().map(|it| it.schedule.to_string());
    assert_eq!(schedule(&usual).as_deref(), Some("0 2 * * *"), "an environment is policy");
    assert_eq!(schedule(&here).as_deref(), Some("30 */4 * * *"));
    assert_eq!((here.runtime, usual.runtime.mode), (usual.runtime, manifest::DriftMode::Heal));
}

#[test]
fn later_layers_of_variables_and_secrets_win() {
    let service = api(&app(
        "env: { A: 1, B: 1, C: 1, D: 1 }, secrets: [S, T]",
        "env: { B: 2, C: 2, S: 2 }, services: { api: { env: { C: 3 }, secrets: [D, { name: T, as: file }] } }",
    ));
    let env: Vec<_> = service.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env.join(" "), "A=1 B=2 C=3 S=2");
    let secrets: Vec<_> = service.secrets.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(secrets.join(" "), "D T");
    assert!(
        matches!(&service.secrets[1].place, SecretPlace::File(f) if f.as_str() == "/run/secrets/T")
    );
}

#[test]
fn a_service_is_told_its_port() {
    let port = |service: &str| {
        let env = api(&app(service, "")).env;
        env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(port("http: 8000"), "PORT=8000");
    assert_eq!(port("http: 8000, env: { PORT: 9 }"), "PORT=9");
    assert_eq!(port("http: 8000, secrets: [PORT]"), "");
    assert_eq!(port("replicas: 1"), "");
}

#[test]
fn line_ends_and_marks_of_other_systems_are_read() {
    let text = format!("\u{feff}{}", app("http: 8000", "").replace('\n', "\r\n"));
    assert!(api(&text).http.is_some());
}

#[test]
fn an_environment_changes_how_much_runs() {
    let place = "services: { api: { replicas: 3, resources: { cpus: 0.5, memory: 1GiB } } }";
    let service = api(&app("resources: { memory: 256MiB, pids: 64 }", place));
    assert_eq!((service.replicas, service.resources.pids), (3, 64));
    assert_eq!(service.resources.memory.map(|m| m.to_string()).as_deref(), Some("1GiB"));
}

#[test]
fn without_a_probe_the_port_decides_and_without_a_port_the_time() {
    let ready = |service: &str| api(&app(service, "")).health.ready.map(|probe| probe.target);
    assert!(matches!(ready("http: 80"), Some(ResolvedTarget::Tcp { port }) if port.get() == 80));
    assert!(matches!(
        ready("http: 80, health: { live: { get: /up } }"),
        Some(ResolvedTarget::Get { port, .. }) if port.get() == 80
    ));
    assert_eq!(ready("replicas: 1"), None);
}

#[test]
fn a_gate_is_never_shorter_than_its_probes() {
    let gate =
        |health: &str| api(&app(&format!("http: 80, health: {{ {health} }}"), "")).health.gate;
    assert_eq!(gate("").to_string(), "5m");
    assert_eq!(gate("start_period: 10m").to_string(), "10m45s");
    assert_eq!(
        gate("ready: { get: /, period: 30s, timeout: 10s }, start_period: 300s, gate: 420s")
            .to_string(),
        "7m"
    );
}

#[test]
fn what_writes_data_or_must_stop_first_does() {
    let replace = |service: &str, place: &str| api(&app(service, place)).replace;
    let data = "volumes: [{ name: db, path: /db }]";
    assert_eq!(replace(data, ""), Replace::StopFirst);
    assert_eq!(replace(&format!("{data}, replace: beside"), ""), Replace::Beside);
    assert_eq!(replace("volumes: [{ name: m, path: /m, class: model }]", ""), Replace::Beside);
    assert_eq!(replace("http: 80", "strategy: recreate"), Replace::StopFirst);
}

#[test]
fn the_front_is_found_or_written() {
    assert_eq!(routes("api: { build: ., http: 80 }, db: { image: x, http: 81 }", ""), "/ -> api");
    assert_eq!(
        routes(
            "api: { build: ., http: 80 }, web: { build: ., http: { port: 81, path_prefix: /w } }",
            ""
        ),
        "/w -> web, / -> api"
    );
    assert_eq!(
        routes("api: { build: ., http: 80 }, web: { build: ., http: 81 }", "/: web, /v1: api"),
        "/v1 -> api, / -> web"
    );
    assert_eq!(routes("worker: { build: . }", ""), "");
}

#[test]
fn anchors_and_merges_save_typing() {
    let text = "x-small: &small { resources: { memory: 64MiB }, replicas: 2 }\n\
                app: shop\nservices:\n  api: { <<: *small, build: ., replicas: 1 }\n\
                environments: { p: { track: { branch: &b main } } }\n";
    let service = api(text);
    assert_eq!(service.replicas, 1);
    assert_eq!(service.resources.memory.map(Bytes::get), Some(64 << 20));
}

#[test]
fn a_check_belongs_to_the_service_that_is_built() {
    let manifest = good(FRAUD);
    let service = manifest.service_of(&manifest.checks[0]);
    assert_eq!(service.map(ServiceName::as_str), Some("api"));
}
