//! What each scene is made of: a manifest, an image, and how its release ends.

use super::run::{APP, Stage};
use super::table::Scene;
use proto::v1::CreateReleaseRequest;

pub(super) const BAKE: &str = "    bake: 3s";
/// Writes down for which release it ran.
const MIGRATE: &str = "jobs: { migrate: { service: web, at: before_release, command: [python, -c, \"import os; \
    open('/data/migrated', 'a').write(os.environ['SLIPWAY_RELEASE'] + ' ')\"] } }\nenvironments:";
const APPROVAL: &str = "    approval: 1\n    bake: 3s";
/// It never opens by itself.
const FREEZE: &str = "    freeze: [{ deny: \"* * * * *\", for: 1m }]\n    bake: 3s";
/// As much slower as can be said: on a busy machine the slowest answers say little.
const CANARY: &str = "    strategy: { canary: { steps: [50, 100], hold: 2s, analysis: { p95: 100% } } }\n    bake: 3s";
/// Two chameleons answer alike but for what says which one it is.
const SHADOW: &str = "    strategy: { shadow: { share: 100%, for: 2s, ignore: [/version, /instance, /release], \
    analysis: { p95: 1000% } } }\n    bake: 3s";

impl Scene {
    /// The state in which its release has to end.
    pub(super) fn ends(self) -> &'static str {
        match self {
            Self::TurnsBad | Self::Asks => "rolled_back",
            Self::NeverReady | Self::AnswersBadly => "failed",
            Self::Good
            | Self::Canary
            | Self::Shadow
            | Self::Migrates
            | Self::Checked
            | Self::Tried
            | Self::Approved
            | Self::Frozen => "live",
        }
    }

    /// It is judged by what many ask; else a gap is noticed by few.
    pub(super) fn is_judged(self) -> bool {
        matches!(self, Self::Canary | Self::Shadow)
    }

    /// Its release has a job that writes down that it ran.
    pub(super) fn migrates(self) -> bool {
        matches!(self, Self::Migrates | Self::Tried | Self::Asks)
    }

    /// Its release waits for somebody who decides.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::Approved | Self::Frozen | Self::Asks)
    }

    /// The manifest `text`, as the scene wants it.
    fn manifest(self, text: &str) -> String {
        let migrate =
            |from: &str, to: &str| text.replace("environments:", &MIGRATE.replace(from, to));
        match self {
            Self::Canary => text.replace(BAKE, CANARY),
            Self::Shadow => text.replace(BAKE, SHADOW),
            Self::Migrates => text.replace("environments:", MIGRATE),
            Self::Tried => migrate("before_release", "verify"),
            Self::Asks => migrate("before_release", "before_release, irreversible: true"),
            Self::Approved => text.replace(BAKE, APPROVAL),
            Self::Frozen => text.replace(BAKE, FREEZE),
            Self::Good | Self::Checked | Self::TurnsBad | Self::NeverReady | Self::AnswersBadly => {
                text.to_owned()
            }
        }
    }
}

impl Stage {
    /// What makes a release of the scene's image.
    pub(super) fn request(&mut self, scene: Scene) -> CreateReleaseRequest {
        let text = std::fs::read_to_string(self.app().repo.path().join("slipway.yaml"));
        let manifest = scene.manifest(&text.expect("the app has a manifest"));
        let image = match scene {
            Scene::TurnsBad | Scene::Asks => &self.turns_bad,
            Scene::NeverReady => &self.never_ready,
            Scene::AnswersBadly => &self.answers_badly,
            Scene::Good
            | Scene::Canary
            | Scene::Shadow
            | Scene::Migrates
            | Scene::Checked
            | Scene::Tried
            | Scene::Approved
            | Scene::Frozen => {
                self.turn += 1;
                &self.good[self.turn % 2]
            }
        };
        CreateReleaseRequest {
            parent: format!("apps/{APP}/environments/production"),
            images: [("web".to_owned(), image.clone())].into(),
            manifest,
            request_id: uuid::Uuid::new_v4().to_string(),
            force: true,
            ..CreateReleaseRequest::default()
        }
    }
}
