//! A sample of the crash table; `make matrix` runs all of it.

mod faults;
mod floods;
mod restored;
mod sequences;
mod upgrade;

use stories::crash::{Stage, sample};

#[tokio::test]
async fn a_release_that_is_cut_anywhere_ends_right() {
    let mut stage = Stage::start().await;
    for case in sample() {
        let converged = stage.run(&case).await;
        assert!(converged.users.sent > 0, "{}", case.name());
    }
}
