//! Releases.

use super::{
    answers, bytes, certificate, git_ref, last, reading, run, shadow, short, soak, steps, table,
    time, waiting, words,
};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::{Failure, Release, ReleasedService, SyntheticCounts, release::State};

/// How many lines of the failed service's log people see; `--output json` has all.
const LOG_LINES: usize = 20;

/// The state in words.
pub(crate) fn state(release: &Release) -> String {
    words(release.state().as_str_name())
}

/// `shop/production #7`
pub(crate) fn title(release: &Release) -> String {
    format!("{}/{} #{}", release.app, release.environment, release.number)
}

/// What it releases: the commit with its ref, and the release that it goes back to or was promoted from.
pub(crate) fn content(release: &Release) -> String {
    let source = match (release.commit.as_str(), release.git_ref.as_str()) {
        ("", _) => "images".to_owned(),
        (commit, "") => short(commit).to_owned(),
        (commit, full) => format!("{} ({})", short(commit), git_ref(full)),
    };
    let source = match release.model.as_str() {
        "" => source,
        model => format!("{source} model {}", short(model)),
    };
    match (release.restores_number, promoted_from(release)) {
        (number @ 1.., _) => format!("back to #{number}: {source}"),
        (_, Some(from)) => format!("from {from}: {source}"),
        (_, None) => source,
    }
}

/// The release that it was promoted from, as `staging #4`.
fn promoted_from(release: &Release) -> Option<String> {
    let pattern = "apps/{app}/environments/{environment}/releases/{number}";
    let parts = proto::name::parts(&release.promoted_from, pattern).ok()?;
    Some(format!("{} #{}", parts[1], parts[2]))
}

/// Why there is a release, with the words of who asked.
fn cause(release: &Release) -> String {
    match release.reason.lines().next() {
        Some(reason) => format!("{}: {reason}", release.cause),
        None => release.cause.clone(),
    }
}

/// What became of it, as the rest of a sentence.
pub(crate) fn ended(state: State) -> &'static str {
    match state {
        State::Failed => "has failed",
        State::RolledBack => "was rolled back",
        State::Cancelled => "was cancelled",
        State::Superseded => "was superseded",
        State::Stuck => "is stuck",
        State::Live | State::Retained | State::Collected => "is live",
        State::RollingBack => "goes back",
        State::Unspecified
        | State::Queued
        | State::AwaitingCi
        | State::AwaitingApproval
        | State::AwaitingWindow
        | State::Preparing
        | State::RunningJobs
        | State::Starting
        | State::Warming
        | State::Verifying
        | State::Shifting
        | State::Baking
        | State::Settling => "still moves",
    }
}

/// How a release in this state ended; nothing while it moves.
pub(crate) fn outcome(state: State) -> Option<Exit> {
    match state {
        State::Live | State::Retained | State::Collected => Some(Exit::Done),
        State::RolledBack | State::Failed | State::Stuck => Some(Exit::Failed),
        State::Cancelled | State::Superseded => Some(Exit::Interrupted),
        State::Unspecified
        | State::Queued
        | State::AwaitingCi
        | State::AwaitingApproval
        | State::AwaitingWindow
        | State::Preparing
        | State::RunningJobs
        | State::Starting
        | State::Warming
        | State::Verifying
        | State::Shifting
        | State::Baking
        | State::Settling
        | State::RollingBack => None,
    }
}

/// Many releases, newest first.
pub(crate) fn list(releases: &[Release], now: DateTime<Utc>) -> String {
    let head = ["RELEASE", "STATE", "CONTENT", "CAUSE", "BY", "AGE", "TOOK"];
    let mut table = table::Table::new(head, "no releases yet");
    for release in releases {
        let pinned = if release.pinned { ", pinned" } else { "" };
        table.row([
            title(release),
            format!("{}{pinned}", state(release)),
            content(release),
            cause(release),
            release.by.clone(),
            time::age(release.create_time.as_ref(), now),
            took(release),
        ]);
    }
    table.render()
}

/// From creation to the end; empty while it moves.
pub(crate) fn took(release: &Release) -> String {
    let (start, end) =
        (time::at(release.create_time.as_ref()), time::at(release.end_time.as_ref()));
    start.zip(end).map_or_else(String::new, |(start, end)| time::span(time::between(start, end)))
}

/// What became of it and how long that took, as a sentence.
pub(crate) fn end(release: &Release) -> String {
    let took = took(release);
    let after = if took.is_empty() { String::new() } else { format!(" after {took}") };
    format!("{} {}{after}", title(release), ended(release.state()))
}

/// What is known of the share of traffic that is held, if one is.
pub(crate) fn canary(release: &Release) -> Vec<String> {
    let Some(canary) = &release.canary else { return decision(release).into_iter().collect() };
    let share = release.weight_percent;
    let head = match share {
        0 => "copies of requests".to_owned(),
        _ => format!("step {} of {} at {share} %", canary.step, canary.steps),
    };
    let hold = canary.hold.as_ref().and_then(proto::time::from_duration);
    let hold = hold.map_or_else(String::new, |it| format!(" for {} at least", time::span(it)));
    let mut lines = vec![format!("  {head}{hold}: {}", canary.sentence)];
    lines.extend(held(release));
    lines
}

/// What a person is asked, if one is.
pub(crate) fn decision(release: &Release) -> Option<String> {
    waiting::asked(release).or_else(|| held(release))
}

/// What is asked about a share of traffic that is held.
fn held(release: &Release) -> Option<String> {
    let waits = release.canary.as_ref().is_some_and(|canary| canary.waits);
    let place = format!("{} {}", release.app, release.environment);
    if release.asks {
        return Some(format!(
            "  it does not go back by itself, because a job of it cannot be undone: `slipway promote {place}` keeps it, \
             `slipway rollback {place} --confirm-irreversible` sends it back"
        ));
    }
    waits.then(|| {
        format!(
            "  it waits for a person: `slipway promote {place}` lets it go on, `slipway cancel {place}` sends it back"
        )
    })
}

/// All there is to know of one release.
pub(crate) fn show(release: &Release, now: DateTime<Utc>) -> String {
    let facts = table::facts(&[
        ("release", format!("{}  {}", title(release), state(release))),
        ("content", content(release)),
        ("cause", format!("{} by {}", release.cause, release.by)),
        ("reason", release.reason.clone()),
        ("strategy", release.strategy.clone()),
        ("created", time::clock(release.create_time.as_ref())),
        ("ended", time::clock(release.end_time.as_ref())),
        ("switch", release.certificate.as_ref().map_or_else(String::new, certificate::sentence)),
        ("shadow", release.shadow.as_ref().map_or_else(String::new, shadow::sentence)),
        ("readings", reading::sentence(&release.readings)),
        ("own requests", release.synthetic.as_ref().map_or_else(String::new, own_requests)),
        ("build", last(&release.build).to_owned()),
        ("config", short(&release.config_hash).to_owned()),
        ("secrets", release.secrets.join(", ")),
        (
            "way back",
            if release.irreversible {
                "only when it is confirmed: a job cannot be undone"
            } else {
                ""
            }
            .to_owned(),
        ),
        ("pinned", if release.pinned { "yes".to_owned() } else { String::new() }),
        ("trace", release.trace_id.clone()),
        ("uid", release.uid.clone()),
    ]);
    let timed: Vec<_> = release.steps.iter().map(steps::Step::from).collect();
    let failed = release.failure.is_some();
    let mut lines = vec![facts, String::new()];
    lines.extend(steps::lines(&timed, failed, now));
    lines.extend(answers::lines(release));
    lines.extend(canary(release));
    lines.extend(waiting::lines(release));
    lines.extend(soak::lines(release));
    lines.push(services(&release.services));
    lines.extend(release.errands.iter().map(run::line));
    lines.extend(release.failure.iter().map(failure));
    lines.join("\n")
}

fn own_requests(sent: &SyntheticCounts) -> String {
    format!("{} to this release, {} to the stable one", sent.candidate, sent.stable)
}

fn services(services: &[ReleasedService]) -> String {
    let head = ["SERVICE", "IMAGE", "SIZE", "CHANGED", "INSTANCES"];
    let mut table = table::Table::new(head, "");
    for service in services {
        let image = service.image.clone().unwrap_or_default();
        let instances = service.instances.iter().map(|one| match one.address.as_str() {
            "" => one.state.clone(),
            address => format!("{} at {address}", one.state),
        });
        table.row([
            service.service.clone(),
            format!("{}@{}", image.repository, short(&image.digest)),
            if image.size_bytes > 0 { bytes(image.size_bytes) } else { String::new() },
            if service.changed { "yes" } else { "no" }.to_owned(),
            instances.collect::<Vec<_>>().join(", "),
        ]);
    }
    format!("\n{}", table.render())
}

/// Why something failed, with the evidence.
pub(crate) fn failure(failure: &Failure) -> String {
    let service = if failure.service.is_empty() { "" } else { " in service " };
    let mut lines =
        vec![format!("✗ {}{service}{}: {}", failure.reason, failure.service, failure.message)];
    lines.extend(failure.exit_code.map(|code| format!("  exit code {code}")));
    if failure.out_of_memory {
        lines.push("  the kernel ended it for its memory".to_owned());
    }
    let tail = |all: &[String]| all[all.len().saturating_sub(LOG_LINES)..].to_vec();
    for (head, told) in [("probes", &failure.probe_lines), ("log", &failure.log_lines)] {
        if !told.is_empty() {
            lines.push(format!("  last {head}:"));
            lines.extend(tail(told).iter().map(|line| format!("  | {line}")));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promoted_release_says_where_from() {
        let promoted = Release {
            commit: "9f3c2a1b4d5e6f".to_owned(),
            git_ref: "refs/tags/v1.2.0".to_owned(),
            promoted_from: "apps/shop/environments/staging/releases/4".to_owned(),
            ..Release::default()
        };
        assert_eq!(content(&promoted), "from staging #4: 9f3c2a1b4d (v1.2.0)");
        let back = Release { restores_number: 2, ..promoted };
        assert_eq!(content(&back), "back to #2: 9f3c2a1b4d (v1.2.0)");
    }

    #[test]
    fn the_row_of_a_rollback_has_what_it_brings_back_and_why() {
        let back = Release {
            app: "shop".to_owned(),
            environment: "production".to_owned(),
            number: 3,
            state: State::Live.into(),
            cause: "rollback".to_owned(),
            by: "ada".to_owned(),
            reason: "prices are wrong".to_owned(),
            commit: "9f3c2a1b4d5e6f".to_owned(),
            git_ref: "refs/heads/main".to_owned(),
            restores_number: 1,
            ..Release::default()
        };
        insta::assert_snapshot!(list(&[back], DateTime::UNIX_EPOCH), @r"
        RELEASE             STATE  CONTENT                        CAUSE                       BY   AGE  TOOK
        shop/production #3  live   back to #1: 9f3c2a1b4d (main)  rollback: prices are wrong  ada
        ");
    }
}
