//! A release for which CI has to be green: only a push makes one.

use super::run::Stage;
use super::scene::BAKE;
use crate::fixture::behave;
use serde_json::json;

const CHECKED: &str = "    wait_for_ci: true\n    bake: 1s";

impl Stage {
    /// Pushes what becomes release `number`; CI is green already.
    pub(super) async fn push_checked(&self, number: i64) {
        let app = self.app();
        let file = app.repo.path().join("slipway.yaml");
        let manifest = std::fs::read_to_string(file).expect("the app has a manifest");
        app.repo.write("slipway.yaml", &manifest.replace(BAKE, CHECKED));
        behave(app.repo, &json!({"version": format!("checked-{number}")}));
        let before = app.repo.head();
        let commit = app.repo.commit("Wait for CI");
        // What others release is as it was.
        app.repo.write("slipway.yaml", &manifest);
        self.world.github().ci(&commit, "unit", Some("success"));
        self.told(&before, &commit).await;
    }
}
