//! How far a build or a release is, as a forge understands it, and what of our events says so. Pure.

use events::EventType;
use events::payload::{BuildV1, ReleaseV1};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is there and did not begin.
    Queued,
    /// It waits for CI, for people or for a window.
    Waiting,
    Moving,
    /// It ended well; a release is live.
    Good,
    /// It ended, and not well.
    Bad,
    /// A person has to bring it to an end.
    Stuck,
    /// Somebody or something else ended it.
    Ended,
    /// It was live, and another is.
    Replaced,
}

const ALL: [Stage; 8] = [
    Stage::Queued,
    Stage::Waiting,
    Stage::Moving,
    Stage::Good,
    Stage::Bad,
    Stage::Stuck,
    Stage::Ended,
    Stage::Replaced,
];

impl Stage {
    /// The word in a row.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Moving => "moving",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Stuck => "stuck",
            Self::Ended => "ended",
            Self::Replaced => "replaced",
        }
    }

    /// The stage called `text`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// How far the release is of which `event_type` tells.
pub(super) fn of_release(event_type: EventType, release: &ReleaseV1) -> Option<Stage> {
    let state = release.state.as_str();
    Some(match event_type.as_str() {
        "release.created" => Stage::Queued,
        "release.waiting" if state.starts_with("awaiting_") => Stage::Waiting,
        "release.progressed" => match state {
            "queued" => Stage::Queued,
            "retained" | "collected" => Stage::Replaced,
            _ => Stage::Moving,
        },
        // A share of the traffic is held until a person decides.
        "release.started" | "release.waiting" => Stage::Moving,
        "release.live" => Stage::Good,
        "release.failed" | "release.rolled_back" => Stage::Bad,
        "release.stuck" => Stage::Stuck,
        "release.cancelled" | "release.superseded" => Stage::Ended,
        _ => return None,
    })
}

/// What people read of it: what it waits for, or why it ended so.
pub(super) fn sentence_of_release(event_type: EventType, release: &ReleaseV1) -> String {
    let name = format!("release {}", release.number);
    let why = || {
        let parts = [release.reason.as_deref(), release.message.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!(": {}", parts.join(": ")) }
    };
    match (event_type.as_str(), release.state.as_str()) {
        ("release.waiting", "awaiting_ci") => format!("{name} waits for CI{}", why()),
        ("release.waiting", "awaiting_approval") => format!("{name} waits for approval{}", why()),
        ("release.waiting", "awaiting_window") => format!("{name} waits for its window"),
        ("release.waiting", _) => format!("{name} waits for a person{}", why()),
        ("release.progressed", "rolling_back") => format!("{name} goes back{}", why()),
        ("release.progressed", "retained" | "collected") => format!("{name} was replaced"),
        ("release.created", _) | (_, "queued") => format!("{name} is queued"),
        ("release.live", _) => format!("{name} is live"),
        ("release.rolled_back", _) => format!("{name} was taken back{}", why()),
        ("release.failed", _) => format!("{name} failed{}", why()),
        ("release.stuck", _) => format!("{name} is stuck{}", why()),
        ("release.cancelled", _) => format!("{name} was cancelled"),
        ("release.superseded", _) => format!("{name} was superseded"),
        _ => format!("{name} is being rolled out"),
    }
}

/// How far the build is of which `event_type` tells, and a version that grows with it: a build never goes back.
pub(super) fn of_build(event_type: EventType) -> Option<(Stage, i64)> {
    Some(match event_type.as_str() {
        "build.queued" => (Stage::Queued, 1),
        "build.started" => (Stage::Moving, 2),
        "build.succeeded" => (Stage::Good, 3),
        "build.failed" => (Stage::Bad, 3),
        "build.cancelled" => (Stage::Ended, 3),
        _ => return None,
    })
}

/// What people read of it.
pub(super) fn sentence_of_build(stage: Stage, build: &BuildV1) -> String {
    let parts = [build.reason.as_deref(), build.message.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let why = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(": ")) };
    match stage {
        Stage::Queued | Stage::Waiting => "the build is queued".to_owned(),
        Stage::Moving => "the build goes on".to_owned(),
        Stage::Good => "the images are built".to_owned(),
        Stage::Bad | Stage::Stuck => format!("the build failed{why}"),
        Stage::Ended | Stage::Replaced => format!("the build was ended{why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{AppName, EnvironmentName, ReleaseId};

    fn told(event_type: EventType, state: &str, reason: Option<&str>) -> String {
        let release = ReleaseV1 {
            release: ReleaseId::new(uuid::Uuid::nil()),
            app: AppName::parse("shop").unwrap(),
            environment: EnvironmentName::parse("production").unwrap(),
            number: 8,
            state: state.to_owned(),
            version: 3,
            stable: None,
            reason: reason.map(ToOwned::to_owned),
            message: reason.map(|_| "api exited".to_owned()),
        };
        let stage = of_release(event_type, &release).map_or("-", Stage::as_str);
        format!("{stage}: {}", sentence_of_release(event_type, &release))
    }

    #[test]
    fn a_life_reads_so() {
        use EventType as E;
        let all = [
            told(E::ReleaseCreated, "queued", None),
            told(E::ReleaseWaiting, "awaiting_ci", None),
            told(E::ReleaseProgressed, "queued", None),
            told(E::ReleaseStarted, "preparing", None),
            told(E::ReleaseProgressed, "baking", None),
            told(E::ReleaseWaiting, "shifting", None),
            told(E::ReleaseLive, "live", None),
            told(E::ReleaseProgressed, "retained", None),
            told(E::ReleaseProgressed, "rolling_back", Some("CRASHED")),
            told(E::ReleaseFailed, "failed", Some("CRASHED")),
            told(E::ReleaseSuperseded, "superseded", None),
            told(E::RunStarted, "running", None),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        queued: release 8 is queued
        waiting: release 8 waits for CI
        queued: release 8 is queued
        moving: release 8 is being rolled out
        moving: release 8 is being rolled out
        moving: release 8 waits for a person
        good: release 8 is live
        replaced: release 8 was replaced
        moving: release 8 goes back: CRASHED: api exited
        bad: release 8 failed: CRASHED: api exited
        ended: release 8 was superseded
        -: release 8 is being rolled out
        ");
    }

    #[test]
    fn a_stage_is_found_by_its_word() {
        assert!(ALL.into_iter().all(|stage| Stage::parse(stage.as_str()) == Some(stage)));
        assert_eq!(Stage::parse("flying"), None);
    }

    #[test]
    fn a_build_never_goes_back() {
        let versions = ["build.queued", "build.started", "build.failed"]
            .map(|name| of_build(EventType::parse(name).unwrap()).unwrap().1);
        assert!(versions.is_sorted() && versions[0] < versions[2]);
    }
}
