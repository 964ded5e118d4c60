//! One case after the other on one platform: cut, mend, wait for the end, look at everything.

use super::calamity::{Calamity, Ground, Lasts};
use super::scene::{Image, Scene};
use super::table::{Case, Step};
use crate::fixture::chameleon;
use crate::{App, Client, World, rewrite};
use proto::v1::grant::Role;
use proto::v1::release::State;
use proto::v1::{CreateReleaseRequest, Release};
use serde_json::json;
use service::fail_point::Fault;
use std::time::{Duration, Instant};
use testkit::{Load, Repo, Report as Users, eventually};

/// Every release ends within this, whatever happens, also on a busy machine. How long it took is told.
pub(super) const BOUND: Duration = Duration::from_mins(5);

/// Where a calamity takes requests along, they are answered again within this.
const LOSS: Duration = Duration::from_mins(2);

pub(super) const APP: &str = "shop";
/// What goes into the manifest, so that the release has every step.
const WARMUP: &str = "    warmup: { requests: [{ get: / }] }\n    http:";
const VERIFY: &str =
    "verify: [{ service: web, get: /, expect: { /version: { type: string } } }]\nenvironments:";
/// For a job to write to; it takes over nothing from one release to the next but its files.
const VOLUME: &str = "    volumes: [{ name: notes, path: /data, class: cache }]\n    http:";
/// What failed is left, so that the way there is cut as well, and gone before it is looked what is left.
const LEAVES: (&str, &str) = ("SLIPWAY_WRECKS_KEPT", "1s");

/// What became of a case.
#[derive(Debug)]
pub struct Converged {
    /// From the fault to the end of the release.
    pub took: Duration,
    /// How it ended.
    pub state: &'static str,
    /// What users got meanwhile.
    pub users: Users,
    /// From the SIGKILL of a service until it went on with its work, where that was the fault.
    pub moved_on: Option<Duration>,
}

/// A release at the place where something happens to it.
struct Cut {
    load: Load,
    number: i64,
    started: Instant,
}

/// A platform with a live release and images for the next ones.
#[derive(Debug)]
pub struct Stage {
    /// The platform.
    pub world: World,
    repo: Repo,
    /// Two that are good, to take turns.
    good: [String; 2],
    turns_bad: String,
    never_ready: String,
    answers_badly: String,
    turn: usize,
    /// Somebody else than who deploys.
    pub(super) bo: Client,
    /// As many run when nothing moves.
    pub(super) running: usize,
}

impl Stage {
    /// A platform with release 1 live.
    pub async fn start() -> Self {
        Self::of(World::with_github(&[LEAVES]).await).await
    }

    /// The same, for calamities of this ground.
    pub async fn on(ground: Ground) -> Self {
        Self::of(ground.world().await).await
    }

    async fn of(world: World) -> Self {
        let repo = chameleon(APP, &json!({"version": "one"}));
        rewrite(&repo, "    http:", WARMUP);
        rewrite(&repo, "    http:", VOLUME);
        rewrite(&repo, "environments:", VERIFY);
        let app = world.register(APP, &repo).await;
        app.push("The first").await;
        app.live(1).await;
        let good = ["two", "three"].map(|name| world.image(name, &json!({"version": name})));
        let turns_bad =
            world.image("turns-bad", &json!({"version": "bad", "unready_after_requests": 3}));
        let never_ready =
            world.image("never-ready", &json!({"version": "never", "never_ready": true}));
        let answers_badly =
            world.image("answers-badly", &json!({"version": "wrong", "error_after_s": 0}));
        let bo = world.token("bo", Role::Admin, "").await;
        let bo = world.client(Some(&bo));
        Self { world, repo, good, turns_bad, never_ready, answers_badly, turn: 0, bo, running: 1 }
    }

    /// The app.
    pub fn app(&self) -> App<'_> {
        self.world.app(APP, &self.repo)
    }

    /// Makes a release of `scene` and sees it end right; panics when it does not.
    pub async fn pass(&mut self, scene: Scene) -> Users {
        let load = self.users(scene);
        let number = self.deploy(scene).await.number;
        self.end(scene, number).await;
        self.settled().await;
        let users = load.stop().await;
        assert_eq!(users.failed(), 0, "{scene:?}: {:?}", users.first_failure);
        users
    }

    /// Cuts a release as `case` says, and sees it end right; panics when it does not.
    pub async fn run(&mut self, case: &Case) -> Converged {
        let cut = self.cut(case.step, &case.point(), case.fault).await;
        let number = cut.number;
        let moved_on = self.mend(case, number).await;
        let state = self.end(case.step.scene, number).await;
        let converged = Converged { moved_on, ..self.converged(cut, state).await };
        self.ran_once(case.step.scene, number).await;
        let users = &converged.users;
        assert_eq!(users.failed(), 0, "{}: {:?}", case.name(), users.first_failure);
        self.world.disarm();
        converged
    }

    /// Strikes in the middle of `step`, and sees the release end right; panics when it does not.
    pub async fn survive(&mut self, step: Step, calamity: Calamity) -> Converged {
        let point = format!("deployer.{}.before_effect", step.name);
        let cut = self.cut(step, &point, Fault::Hold).await;
        let number = cut.number;
        let state = self.befall(calamity, (step.scene, number)).await;
        let converged = self.converged(cut, state).await;
        if state == "live" {
            self.ran_once(step.scene, number).await;
        }
        noticed(&converged.users, (step, calamity));
        converged
    }

    /// The calamity strikes what waits at a fail point, and release `number` ends; in which state.
    pub(super) async fn befall(
        &mut self,
        calamity: Calamity,
        (scene, number): (Scene, i64),
    ) -> &'static str {
        calamity.strike(&mut self.world);
        self.world.disarm();
        match calamity.lasts() {
            Lasts::Whole => {}
            Lasts::Moment => calamity.end(&mut self.world),
            Lasts::For(span) => {
                tokio::time::sleep(span).await;
                calamity.end(&mut self.world);
            }
        }
        let state = if calamity.may_fail() {
            self.end_in(number, &["live", "rolled_back", "failed"]).await
        } else {
            self.end(scene, number).await
        };
        if calamity.lasts() == Lasts::Whole {
            calamity.end(&mut self.world);
        }
        state
    }

    /// Users ask, a release begins, and it gets to `point`.
    async fn cut(&mut self, step: Step, point: &str, fault: Fault) -> Cut {
        let (load, scene) = (self.users(step.scene), step.scene);
        let number = self.world.newest().await + 1;
        let request = self.request(scene, number);
        if scene.is_live_before() {
            self.make(&request).await;
            self.end_in(number, &["live"]).await;
        }
        self.world.arm(point, fault);
        // Who makes the release may be cut before it answers.
        tokio::select! {
            () = self.made(scene, &request, number, point) => {}
            () = self.world.hit(point) => {}
            () = self.answered(scene, number) => {}
        }
        Cut { load, number, started: Instant::now() }
    }

    /// Makes release `number`, or its job due, and gets to `point`.
    async fn made(&self, scene: Scene, request: &CreateReleaseRequest, number: i64, point: &str) {
        if scene == Scene::Checked {
            self.push_checked(number).await;
        } else if scene.is_live_before() {
            self.make_due(scene, number).await;
        } else {
            assert_eq!(self.make(request).await.number, number, "nobody else makes releases");
        }
        self.world.hit(point).await;
    }

    /// Who asks meanwhile.
    fn users(&self, scene: Scene) -> Load {
        let users = self.app().users();
        if scene.is_judged() {
            return Load::start(&users, "/", 2, Duration::from_millis(5));
        }
        Load::steady(&users)
    }

    /// Everything is in order again.
    async fn converged(&self, cut: Cut, state: &'static str) -> Converged {
        let took = cut.started.elapsed();
        self.world.ready().await;
        self.settled().await;
        Converged { took, state, users: cut.load.stop().await, moved_on: None }
    }

    /// The app's, as the scene wants it, with the job of release `number`.
    fn manifest(&self, scene: Scene, number: i64) -> String {
        let text = std::fs::read_to_string(self.repo.path().join("slipway.yaml"));
        scene.manifest(&text.expect("the app has a manifest"), number)
    }

    /// Makes a release of the scene's image.
    pub async fn deploy(&mut self, scene: Scene) -> Release {
        let number = self.world.newest().await + 1;
        if scene == Scene::Checked {
            self.push_checked(number).await;
            return self.app().release(number).await;
        }
        let request = self.request(scene, number);
        self.make(&request).await
    }

    /// What makes a release of `scene` with the job of release `number`.
    pub(super) fn request(&mut self, scene: Scene, number: i64) -> CreateReleaseRequest {
        let image = match scene.image() {
            Image::Good => {
                self.turn += 1;
                &self.good[self.turn % 2]
            }
            Image::TurnsBad => &self.turns_bad,
            Image::NeverReady => &self.never_ready,
            Image::AnswersBadly => &self.answers_badly,
        };
        CreateReleaseRequest {
            parent: format!("apps/{APP}/environments/production"),
            images: [("web".to_owned(), image.clone())].into(),
            manifest: self.manifest(scene, number),
            request_id: uuid::Uuid::new_v4().to_string(),
            force: true,
            ..CreateReleaseRequest::default()
        }
    }

    pub(super) async fn make(&self, request: &CreateReleaseRequest) -> Release {
        // As the CLI does: the same request again while a service does not answer.
        eventually("a release to be made", BOUND, async || {
            let asked = self.world.admin().releases.create_release(request.clone()).await;
            match asked {
                Ok(answer) => answer.into_inner().release,
                Err(status) if is_away(&status) => None,
                Err(status) => unreachable!("{status}"),
            }
        })
        .await
    }

    /// Whoever watches over processes starts the dead again; what stood still goes on once another did its work.
    pub(super) async fn mend(&mut self, case: &Case, number: i64) -> Option<Duration> {
        match case.fault {
            Fault::Kill => return Some(self.world.goes_on(case.owner()).await),
            Fault::Stop if case.owner() == "deployer" => {
                self.world.assist("deployer");
                self.end(case.step.scene, number).await;
                self.world.service("deployer").go_on();
                self.world.ready().await;
                self.world.drives_nothing().await;
                self.world.dismiss();
            }
            Fault::Stop => self.world.service(case.owner()).go_on(),
            Fault::Error | Fault::TimedOut | Fault::Hold => {}
        }
        None
    }

    /// Waits until the release ended as one of this scene has to. The owner may stand still: the truth is asked.
    pub async fn end(&self, scene: Scene, number: i64) -> &'static str {
        let state = self.end_in(number, &[scene.ends()]).await;
        self.ran(scene, number).await;
        state
    }

    pub(super) async fn end_in(&self, number: i64, wanted: &[&'static str]) -> &'static str {
        eventually(&format!("release {number} to be one of {wanted:?}"), BOUND, async || {
            let state = self.world.state_of(number).await?;
            self.answer(number, &state).await;
            wanted.iter().find(|wanted| **wanted == state).copied()
        })
        .await
    }

    /// One release is live and serves; nothing runs that should not, nothing is left, everything is said.
    pub async fn settled(&self) {
        let app = self.app();
        let live: Vec<_> =
            app.releases().await.into_iter().filter(|it| it.state() == State::Live).collect();
        assert_eq!(live.len(), 1, "one release is live: {live:#?}");
        let wanted = live[0].services[0].image.clone().expect("an image");
        let wanted = format!("{}@{}", wanted.repository, wanted.digest);
        eventually("only the live release to run", BOUND, async || {
            let all = self.world.docker.all();
            let running = all.iter().filter(|(runs, _)| *runs).count();
            // What became live while nobody could see that it is bad stays.
            let bad = [&self.turns_bad, &self.never_ready, &self.answers_badly];
            let is_left = |image: &String| bad.contains(&image) && *image != wanted;
            let is_done = running == self.running && self.world.docker.jobs().is_empty();
            (is_done && !all.iter().any(|(_, image)| is_left(image))).then_some(())
        })
        .await;
        let images = self.world.docker.images_of_running();
        assert!(images.contains(&wanted), "{images:?} run, {wanted} is released");
        self.world.all_said().await;
    }
}

/// Somebody who is needed does not answer, or not in time.
pub(super) fn is_away(status: &tonic::Status) -> bool {
    matches!(status.code(), tonic::Code::Unavailable | tonic::Code::DeadlineExceeded)
}

/// Users lost nothing but to what takes their requests along, and that not for long.
pub(super) fn noticed(users: &Users, (step, calamity): (Step, Calamity)) {
    let name = (step.name, calamity.name());
    if calamity.may_lose() {
        let lost = users.failing_for();
        assert!(lost < LOSS, "{name:?}: {lost:?} long, {:?}", users.first_failure);
    } else {
        assert_eq!(users.failed(), 0, "{name:?}: {:?}", users.first_failure);
    }
}
