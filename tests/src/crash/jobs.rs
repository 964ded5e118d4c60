//! Jobs that are cut: each runs once for what made it due, and what was undone is done by the next release.

use super::run::{APP, BOUND, Stage, is_away};
use super::scene::{Scene, job};
use proto::v1::RunJobRequest;
use testkit::eventually;

impl Stage {
    /// What is live already runs its job: because somebody asks for it, or because its time has come long ago.
    pub(super) async fn make_due(&self, scene: Scene, number: i64) {
        let job = job(number);
        if scene == Scene::Overdue {
            self.world.is_overdue(&job).await;
            return;
        }
        let request = RunJobRequest {
            name: format!("apps/{APP}/environments/production/jobs/{job}"),
            request_id: uuid::Uuid::new_v4().to_string(),
            ..RunJobRequest::default()
        };
        // As who does not know that it was heard.
        for _ in 0..2 {
            // Who carries it out may be cut before the answer is here.
            if let Err(status) = self.world.admin().jobs.run_job(request.clone()).await {
                assert!(is_away(&status), "{status}");
            }
        }
    }

    /// Waits until the job of release `number` ran as it has to.
    pub(super) async fn ran(&self, scene: Scene, number: i64) {
        let wanted = scene.runs();
        eventually(&format!("the runs {wanted:?} of release {number}"), BOUND, async || {
            let runs = self.world.runs_of(&job(number)).await?;
            (runs == wanted).then_some(())
        })
        .await;
    }

    /// The job of release `number` ran once for each of its runs, and nothing more is to come.
    pub(super) async fn ran_once(&mut self, scene: Scene, number: i64) {
        if scene.runs().is_empty() {
            return;
        }
        let mut wanted = vec![format!("job-{number}"); scene.runs().len()];
        if scene == Scene::Undone {
            let again = self.request(Scene::SetUp, number);
            let next = self.make(&again).await.number;
            self.end_in(next, &["live"]).await;
            wanted = ["job", "undo", "job"].map(|word| format!("{word}-{number}")).to_vec();
        }
        let written = self.world.docker.exec("web", &["cat", "/data/ran"]);
        let own = format!("-{number}");
        let ran: Vec<&str> = written.split_whitespace().filter(|it| it.ends_with(&own)).collect();
        assert_eq!(ran, wanted, "release {number}");
    }
}
