//! Images that a story hands over itself, for releases without a build.

use crate::World;
use crate::fixture::example;
use serde_json::Value;

impl World {
    /// Builds the chameleon that behaves so, pushes it, and returns `repository@sha256:...`.
    pub fn image(&self, name: &str, behaviour: &Value) -> String {
        let context = testkit::Repo::init();
        context.copy(&example("chameleon")).write("behaviour.json", &behaviour.to_string());
        let tag = format!("{}/{}/{name}:story", self.registry_name(), self.platform());
        let label = format!("slipway.instance={}", self.platform());
        let folder = context.path().display().to_string();
        self.docker.run(&["build", "--quiet", "--label", &label, "--tag", &tag, &folder]);
        self.docker.run(&["push", "--quiet", &tag]);
        self.docker.run(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &tag])
    }
}
