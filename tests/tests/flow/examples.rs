//! An application of `examples/` as its team would run it: from a branch over a tag to production.

use proto::v1::Release;
use proto::v1::grant::Role;
use proto::v1::release::State;
use stories::fixture::example;
use stories::{World, digest, rewrite};
use testkit::Repo;
use testkit::webhook::{NO_COMMIT, push};

const APP: &str = "fraud-detection-api";
/// What takes longer than a story, or waits for a day of the week, and what a busy machine answers too late.
const SHORTER: [(&str, &str); 6] = [
    ("branch: master", "branch: main"),
    ("bake: 30s", "bake: 1s"),
    ("bake: 5m", "bake: 1s"),
    ("soak: 1h", "soak: 2s"),
    ("    freeze: [{ deny: \"0 17 * * FRI\", for: 60h, timezone: Europe/Berlin }]\n", ""),
    ("within: 500ms", "within: 10s"),
];

/// The example, with a day's work on `develop`.
fn fraud_detection() -> Repo {
    let repo = Repo::init();
    repo.copy(&example("fraud-detection"));
    for (long, short) in SHORTER {
        rewrite(&repo, long, short);
    }
    repo.commit("The service");
    repo.git(&["checkout", "--quiet", "-b", "develop"]);
    repo.commit("A day's work");
    repo
}

/// The job ran before the release did.
fn scored(release: &Release) -> bool {
    let is_it = |detail: &str| detail.starts_with("percentiles in ");
    release.steps.iter().any(|step| step.step == "running_jobs" && is_it(&step.detail))
}

#[tokio::test]
async fn an_example_goes_from_a_branch_over_a_tag_to_production() {
    let (world, repo) = (World::start().await, fraud_detection());
    let production = world.register(APP, &repo).await;
    let (development, staging) =
        (production.in_environment("development"), production.in_environment("staging"));
    production.deliver(&push("refs/heads/develop", NO_COMMIT, &repo.head(), "Work")).await;
    let developed = development.live(1).await;
    production.push_tag("v1.0.0").await;
    let staged = staging.live(1).await;
    let asked = production.release_in(1, &[State::AwaitingApproval]).await;
    assert_eq!(asked.promoted_from, staged.name);
    let bo = world.token("bo", Role::Deployer, "fraud-detection-api/production").await;
    world.slipway_as(&bo, "approve fraud-detection-api --reason read", "").done();
    let live = production.live(1).await;
    assert_eq!([&developed, &staged].map(|it| digest(it, "api")), [digest(&live, "api"); 2]);
    assert!([developed, staged, live].iter().all(scored), "the job runs once for each");
    let payment = r#"{"amount": 900, "hour": 3, "foreign": 1}"#;
    let users = world.users("fraud.example.com");
    let told = users.post("/predict", &[], payment).await.expect("an answer").json();
    assert!(told["percentile"].as_f64().is_some_and(|below| below > 50.0), "{told}");
    let left = world.slipway("gc").done();
    let mounted = |line: &&str| line.starts_with("volume") && line.contains("a release mounts it");
    assert_eq!(left.lines().filter(mounted).count(), 3, "a volume for each: {left}");
}
