//! The words of GitHub for how far something is. Pure.

use super::Stage;

/// The state of a deployment.
pub(super) const fn deployment(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "queued",
        Stage::Waiting => "pending",
        Stage::Moving => "in_progress",
        Stage::Good => "success",
        Stage::Bad => "failure",
        Stage::Stuck => "error",
        Stage::Ended | Stage::Replaced => "inactive",
    }
}

/// The state of a commit; nothing where what was said of it stays true.
pub(super) const fn commit(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Queued | Stage::Waiting | Stage::Moving => Some("pending"),
        Stage::Good => Some("success"),
        Stage::Bad => Some("failure"),
        Stage::Stuck | Stage::Ended => Some("error"),
        Stage::Replaced => None,
    }
}

/// Status and conclusion of a check run; nothing where what was said stays true.
pub(super) const fn check_run(stage: Stage) -> Option<(&'static str, Option<&'static str>)> {
    match stage {
        Stage::Queued | Stage::Waiting => Some(("queued", None)),
        Stage::Moving => Some(("in_progress", None)),
        Stage::Good => Some(("completed", Some("success"))),
        Stage::Bad => Some(("completed", Some("failure"))),
        Stage::Stuck => Some(("completed", Some("action_required"))),
        Stage::Ended => Some(("completed", Some("cancelled"))),
        Stage::Replaced => None,
    }
}
