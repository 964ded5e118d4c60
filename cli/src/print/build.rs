//! Builds.

use super::{bytes, git_ref, last, release, short, steps, table, time, words};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::{Build, build::State};

/// How a build ended; nothing while it goes on.
pub(crate) fn exit(state: State) -> Option<Exit> {
    match state {
        State::Unspecified | State::Queued | State::Running | State::Blocked => None,
        State::Succeeded => Some(Exit::Done),
        State::Failed => Some(Exit::Failed),
        State::Cancelled => Some(Exit::Interrupted),
        State::Skipped => Some(Exit::Conflict),
    }
}

/// The state in words.
pub(crate) fn state(build: &Build) -> String {
    words(build.state().as_str_name())
}

/// Many builds, newest first.
pub(crate) fn list(builds: &[Build], now: DateTime<Utc>) -> String {
    let head = ["BUILD", "APP", "COMMIT", "REF", "STATE", "SERVICES", "AGE", "TITLE"];
    let mut table = table::Table::new(head, "no builds yet");
    for build in builds {
        table.row([
            last(&build.name).to_owned(),
            last(&build.app).to_owned(),
            short(&build.commit).to_owned(),
            git_ref(&build.git_ref).to_owned(),
            state(build),
            services(build),
            time::age(build.create_time.as_ref(), now),
            build.title.chars().take(50).collect(),
        ]);
    }
    table.render()
}

fn services(build: &Build) -> String {
    let told = build.services.iter().map(|one| {
        let size = one.image.as_ref().map_or(0, |image| image.size_bytes);
        match (one.reused, size) {
            (true, _) => format!("{} reused", one.service),
            (false, 0) => one.service.clone(),
            (false, size) => format!("{} {}", one.service, bytes(size)),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// What is new about the build since `before`.
pub(crate) fn news(before: Option<&Build>, after: &Build, now: DateTime<Utc>) -> Vec<String> {
    let timed = |build: &'_ Build| build.steps.clone();
    let (known, told) = (before.map(timed).unwrap_or_default(), timed(after));
    let known: Vec<_> = known.iter().map(steps::Step::from).collect();
    let told: Vec<_> = told.iter().map(steps::Step::from).collect();
    let failed = after.state() == State::Failed;
    let mut lines: Vec<_> = before.is_none().then(|| head(after)).into_iter().collect();
    lines.extend(steps::news(&known, &told, failed, now));
    if before.is_none_or(|before| before.state() != after.state()) {
        lines.extend(end(after));
    }
    lines
}

/// What became of it, as the rest of a sentence.
pub(crate) fn ended(state: State) -> &'static str {
    match state {
        State::Succeeded => "has succeeded",
        State::Failed => "has failed",
        State::Cancelled => "was cancelled",
        State::Skipped => "was skipped",
        State::Blocked => "waits",
        State::Queued | State::Running | State::Unspecified => "has not ended yet",
    }
}

fn head(build: &Build) -> String {
    let (commit, full) = (short(&build.commit), git_ref(&build.git_ref));
    format!("build {} of {}: {commit} ({full})", last(&build.name), last(&build.app))
}

fn end(build: &Build) -> Vec<String> {
    if exit(build.state()).is_none() && build.state() != State::Blocked {
        return Vec::new();
    }
    let mut lines = vec![format!("build {} {}", last(&build.name), ended(build.state()))];
    lines.extend(build.services.iter().filter_map(|one| {
        let image = one.image.as_ref()?;
        Some(format!("  {} = {}@{}", one.service, image.repository, image.digest))
    }));
    lines.extend(build.failure.iter().map(release::failure));
    lines
}
