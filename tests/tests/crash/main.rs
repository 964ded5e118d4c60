//! A sample of the crash table; `make matrix` runs all of it.

mod floods;
mod sequences;

use stories::crash::{Calamity, STEPS, Stage, sample};

#[tokio::test]
async fn a_release_that_is_cut_anywhere_ends_right() {
    let mut stage = Stage::start().await;
    for case in sample() {
        let converged = stage.run(&case).await;
        assert!(converged.users.sent > 0, "{}", case.name());
    }
}

#[tokio::test]
async fn a_release_survives_the_loss_of_what_it_stands_on() {
    let mut stage = Stage::start().await;
    for (step, calamity) in [
        ("queued", Calamity::NatsWiped),
        ("preparing", Calamity::PostgresKilled),
        ("starting", Calamity::ControlKilled),
        ("shifting", Calamity::RouterKilled),
        ("baking", Calamity::RegistryAway),
        ("settling", Calamity::NatsKilled),
        ("restoring_traffic", Calamity::PostgresKilled),
    ] {
        let step = STEPS.into_iter().find(|known| known.name == step).expect("a step");
        let converged = stage.survive(step, calamity).await;
        assert!(converged.users.sent > 0, "{} {}", step.name, calamity.name());
    }
}
