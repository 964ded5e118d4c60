//! Repositories that stories begin with: the chameleon, an application that behaves as its commit says.

use serde_json::Value;
use std::path::PathBuf;
use testkit::Repo;

/// The folder of an example application.
pub fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

/// The manifest of the chameleon as app `name`: one service, quick probes that are patient with a busy machine, a
/// short bake.
pub fn manifest(name: &str) -> String {
    format!(
        "\
version: 1
app: {name}
services:
  web:
    build: {{ context: . }}
    http: {{ port: 8000 }}
    health:
      ready: {{ get: /ready, period: 1s, timeout: 5s, failures: 2 }}
      start_period: 2s
      gate: 30s
    stop: {{ drain: 5s, grace: 5s }}
environments:
  production:
    track: {{ branch: main }}
    host: {name}.localhost
    bake: 1s
"
    )
}

/// A repository with the chameleon, behaving as `behaviour` says.
pub fn chameleon(name: &str, behaviour: &Value) -> Repo {
    let repo = Repo::init();
    repo.copy(&example("chameleon")).write("slipway.yaml", &manifest(name));
    behave(&repo, behaviour);
    repo.commit("The chameleon");
    repo
}

/// From the next commit on app `name` starts for a minute, unless somebody ends it.
pub fn start_slowly(repo: &Repo, name: &str) {
    let patient = manifest(name)
        .replace("start_period: 2s", "start_period: 70s")
        .replace("gate: 30s", "gate: 2m");
    repo.write("slipway.yaml", &patient);
    behave(repo, &serde_json::json!({"version": "slow", "ready_after_s": 60}));
}

/// A repository with two chameleons in folders of their own: `web` answers `/`, `api` answers `/api`.
pub fn pair(name: &str) -> Repo {
    let repo = Repo::init();
    let one = manifest(name);
    let (head, web) = one.split_once("  web:\n").expect("a service");
    let (web, tail) = web.split_once("environments:").expect("environments");
    let service = |service: &str, prefix: &str| {
        let text = web
            .replace("context: .", &format!("context: {service}"))
            .replace("port: 8000", &format!("port: 8000, path_prefix: {prefix}"));
        format!("  {service}:\n{text}")
    };
    let services = service("web", "/") + &service("api", "/api");
    repo.write("slipway.yaml", &format!("{head}{services}environments:{tail}"));
    for folder in ["web", "api"] {
        copy_files(&example("chameleon"), &repo, folder);
    }
    repo.commit("Two chameleons");
    repo
}

fn copy_files(from: &std::path::Path, repo: &Repo, folder: &str) {
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("a plain name");
        let text = std::fs::read_to_string(entry.path()).expect("a text");
        repo.write(&format!("{folder}/{name}"), &text);
    }
}

/// From the next commit on the chameleon behaves so.
pub fn behave(repo: &Repo, behaviour: &Value) {
    repo.write("behaviour.json", &behaviour.to_string());
}
