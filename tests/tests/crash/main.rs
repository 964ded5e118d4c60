//! A sample of the crash table; `make matrix` runs all of it.

mod faults;
mod floods;
mod restored;
mod sequences;
mod upgrade;

use service::fail_point::Fault;
use stories::crash::{Calamity, Ground, Point, Stage, promotions, sample, sample_of_jobs};

#[tokio::test]
async fn a_release_that_is_cut_anywhere_ends_right() {
    let mut stage = Stage::start().await;
    for case in sample() {
        let converged = stage.run(&case).await;
        assert!(converged.users.sent > 0, "{}", case.name());
    }
}

#[tokio::test]
async fn a_job_that_is_cut_anywhere_runs_once() {
    let mut stage = Stage::start().await;
    for case in sample_of_jobs() {
        let converged = stage.run(&case).await;
        assert!(converged.users.sent > 0, "{}", case.name());
    }
}

#[tokio::test]
async fn a_promotion_that_is_cut_or_struck_is_made_once() {
    let mut stage = Stage::promoting_on(Ground::Usual).await;
    // It is made, and whoever made it does not know.
    let is_it = |point, fault| point == Point::Recorded && fault == Fault::Kill;
    for case in promotions().filter(|case| is_it(case.point, case.fault)) {
        let converged = stage.promote_through(&case).await;
        assert!(converged.users.sent > 0, "{}", case.name());
    }
    for calamity in [Calamity::PostgresKilled, Calamity::ControlKilled] {
        let converged = stage.promote_under(calamity).await;
        assert!(converged.users.sent > 0, "{}", calamity.name());
    }
}
