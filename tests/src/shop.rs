//! A shop of several services: a web server with notes in a volume, a worker, and a store that runs from an image.

use crate::World;
use crate::fixture::example;
use serde_json::{Value, json};
use testkit::Repo;

/// The Dockerfile of the store: a server of files, and nothing of ours.
const STORE: &str = "\
FROM slipway.local/python:3.11
EXPOSE 9000
CMD [\"python\", \"-m\", \"http.server\", \"9000\"]
";

/// The manifest; `STORE` is the image of the store.
const MANIFEST: &str = "\
version: 1
app: shop
services:
  web:
    build: { context: web }
    http: { port: 8000 }
    volumes: [{ name: notes, path: /data }]
    health: { ready: { get: /ready, period: 1s, timeout: 5s }, gate: 30s }
    stop: { drain: 1s, grace: 5s }
  worker:
    build: { context: worker }
    health: { ready: { tcp: 8000, period: 1s, timeout: 5s }, gate: 30s }
    stop: { drain: 1s, grace: 5s }
  store:
    image: STORE
    volumes: [{ name: records, path: /records }]
    health: { ready: { tcp: 9000, period: 1s, timeout: 5s }, gate: 30s }
environments:
  production: { track: { branch: main }, host: shop.localhost, bake: 1s }
";

impl World {
    /// Builds the image of the store and pushes it, as its makers would; its name.
    pub fn store_image(&self) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), STORE).expect("a file");
        self.publish(folder.path(), "store:1")
    }

    /// A repository with the three services, all of version one.
    pub fn shop(&self) -> Repo {
        let repo = Repo::init();
        repo.write("slipway.yaml", &MANIFEST.replace("STORE", &self.store_image()));
        for service in ["web", "worker"] {
            let from = example("chameleon");
            for file in ["Dockerfile", "app.py", "web.py"] {
                let text = std::fs::read_to_string(from.join(file)).expect("a file");
                repo.write(&format!("{service}/{file}"), &text);
            }
            rework(&repo, service, &json!({"version": "one"}));
        }
        repo.commit("The shop");
        repo
    }
}

/// From the next commit on `service` behaves so.
pub fn rework(repo: &Repo, service: &str, behaviour: &Value) {
    repo.write(&format!("{service}/behaviour.json"), &behaviour.to_string());
}

/// Changes the manifest by replacing every `from`; panics when there is none.
pub fn rewrite(repo: &Repo, from: &str, to: &str) {
    let manifest = std::fs::read_to_string(repo.path().join("slipway.yaml")).expect("a manifest");
    assert!(manifest.contains(from), "{from} is not in {manifest}");
    repo.write("slipway.yaml", &manifest.replace(from, to));
}
