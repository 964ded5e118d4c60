//! Images that a story hands over itself, for releases without a build.

use crate::World;
use crate::fixture::example;
use serde_json::Value;
use std::path::Path;

impl World {
    /// Builds the chameleon that behaves so, pushes it, and returns `repository@sha256:...`.
    pub fn image(&self, name: &str, behaviour: &Value) -> String {
        let context = testkit::Repo::init();
        context.copy(&example("chameleon")).write("behaviour.json", &behaviour.to_string());
        let tag = self.publish(context.path(), &format!("{name}:story"));
        self.builder().run(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &tag])
    }

    /// Builds the image in `folder` and pushes it; its name with registry and tag.
    pub(crate) fn publish(&self, folder: &Path, name: &str) -> String {
        let image = format!("{}/{}/{name}", self.registry_name(), self.platform());
        let label = format!("slipway.instance={}", self.platform());
        let folder = folder.display().to_string();
        let builder = self.builder();
        builder.run(&["build", "--quiet", "--label", &label, "--tag", &image, &folder]);
        builder.run(&["push", "--quiet", &image]);
        image
    }
}
