//! Repositories that stories begin with: the chameleon, an application that behaves as its commit says.

use serde_json::Value;
use std::path::PathBuf;
use testkit::Repo;

/// The folder of an example application.
pub fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

/// The manifest of the chameleon as app `name`: one service, quick probes, a bake of three seconds.
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
      ready: {{ get: /ready, period: 1s, timeout: 1s, failures: 2 }}
      start_period: 2s
      gate: 10s
    stop: {{ drain: 5s, grace: 5s }}
environments:
  production:
    track: {{ branch: main }}
    host: {name}.localhost
    bake: 3s
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

/// From the next commit on the chameleon behaves so.
pub fn behave(repo: &Repo, behaviour: &Value) {
    repo.write("behaviour.json", &behaviour.to_string());
}
