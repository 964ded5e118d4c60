use super::*;
use prost_types::Timestamp;
use proto::v1::release::State;
use proto::v1::{Certificate, Failure, ReleaseStep, SwitchCounts, Waiting};

fn at(second: i64) -> Timestamp {
    Timestamp { seconds: 1_700_000_000 + second, nanos: 0 }
}

fn now() -> DateTime<Utc> {
    proto::time::from_timestamp(&at(1_000)).expect("in range")
}

fn step(name: &str, from: i64, to: i64, detail: &str) -> ReleaseStep {
    ReleaseStep {
        step: name.to_owned(),
        start_time: Some(at(from)),
        end_time: Some(at(to)),
        detail: detail.to_owned(),
        failed: false,
    }
}

fn image(digest: &str, size_bytes: i64) -> Image {
    let digest = format!("sha256:{digest}{}", "0".repeat(60));
    Image { repository: "localhost/shop/api".to_owned(), digest, size_bytes }
}

fn setting(path: &str, before: &str, after: &str) -> SettingChange {
    let [path, before, after] = [path, before, after].map(str::to_owned);
    SettingChange { path, before, after }
}

fn shown(state: State, end: i64, steps: Vec<ReleaseStep>) -> Release {
    Release {
        app: "shop".to_owned(),
        environment: "production".to_owned(),
        number: 8,
        state: state.into(),
        commit: "9f3c2a1b4d5e6f".to_owned(),
        git_ref: "refs/heads/main".to_owned(),
        cause: "push".to_owned(),
        by: "ada".to_owned(),
        strategy: "canary".to_owned(),
        create_time: Some(at(0)),
        end_time: Some(at(end)),
        steps,
        ..Release::default()
    }
}

fn certificate(counts: SwitchCounts) -> Certificate {
    let (begin_time, end_time) = (Some(at(4)), Some(at(40)));
    Certificate { begin_time, end_time, counts: Some(counts), unknown: String::new() }
}

#[test]
fn the_story_of_a_release_that_went_back() {
    let failure = Failure {
        reason: "ANALYSIS_FAILED".to_owned(),
        message: "at 10 %: fail: errors: 31 of 300 requests fail, 2 of 2700 before".to_owned(),
        log_lines: vec!["KeyError: 'amount'".to_owned()],
        ..Failure::default()
    };
    let steps = vec![
        step("queued", 0, 0, ""),
        step("preparing", 0, 2, "2 images there"),
        step("starting", 2, 4, "2 instances ready, the slowest after 1.20 s"),
        step("shifting", 4, 4, "10 % of traffic, table 12"),
        step("shifting", 4, 30, "ANALYSIS_FAILED: at 10 %: fail"),
        step("rolling_back", 30, 31, "all traffic on the stable release, table 13"),
        step("rolled_back", 31, 31, "ANALYSIS_FAILED: at 10 %: fail"),
    ];
    let release = Release {
        failure: Some(failure),
        pinned: true,
        certificate: Some(certificate(SwitchCounts {
            requests: 3000,
            failed: 33,
            ..Default::default()
        })),
        ..shown(State::RolledBack, 31, steps)
    };
    let comparison = Comparison {
        number: 7,
        commit: "1111111111aaaa".to_owned(),
        images: vec![ImageChange {
            service: "api".to_owned(),
            before: Some(image("aaaa", 125_829_120)),
            after: Some(image("bbbb", 141_557_760)),
        }],
        settings: vec![setting("services.api.replicas", "2", "3"), setting("secrets.KEY", "", "1")],
        ..Comparison::default()
    };
    let told = GetReleaseResponse {
        release: Some(release),
        comparison: Some(comparison),
        advice: vec!["look at what differs first".to_owned(), "push a fix".to_owned()],
        ..GetReleaseResponse::default()
    };
    insta::assert_snapshot!(story(&told, now()));
}

#[test]
fn the_story_of_a_release_that_went_well() {
    let steps = vec![
        step("queued", 0, 1, ""),
        step("baking", 4, 34, "30 looks, 4321 requests, 0 failed"),
        step("settling", 34, 36, "1 instance stopped: drained in 0.10 s, ended in 0.40 s"),
        step("live", 36, 36, ""),
    ];
    let counts = SwitchCounts { requests: 4321, drained: 12, ..Default::default() };
    let release =
        Release { certificate: Some(certificate(counts)), ..shown(State::Live, 36, steps) };
    let comparison =
        Comparison { number: 7, commit: release.commit.clone(), ..Comparison::default() };
    let told = GetReleaseResponse {
        release: Some(release),
        comparison: Some(comparison),
        advice: vec!["nothing".to_owned()],
        ..GetReleaseResponse::default()
    };
    insta::assert_snapshot!(story(&told, now()));
}

#[test]
fn parts_without_anything_to_tell_are_left_out() {
    let release = shown(State::Cancelled, 2, vec![step("queued", 0, 2, "ended by ada")]);
    let told = GetReleaseResponse { release: Some(release), ..GetReleaseResponse::default() };
    let story = story(&told, now());
    assert!(
        !["Why", "While", "differs", "next"].iter().any(|part| story.contains(part)),
        "{story}"
    );
}

#[test]
fn the_story_of_a_release_that_waits_says_for_whom() {
    let approvals_from = vec!["bo".to_owned(), "eve".to_owned()];
    let waiting = Waiting { approvals_wanted: 1, approvals_from, ..Waiting::default() };
    let waits = shown(State::AwaitingApproval, 2, vec![step("queued", 0, 2, "")]);
    let told = happened(&Release { waiting: Some(waiting), ..waits }, now());
    assert!(told[1].starts_with("  it waits for approval by bo, eve, 0 of 1 given"), "{told:#?}");
}

#[test]
fn what_is_left_of_a_failure_says_how_to_look_into_it() {
    let wreck = |container: &str| Wreck {
        service: "api".to_owned(),
        container: container.to_owned(),
        until_time: Some(at(3_600)),
    };
    let failed = Release {
        wrecks: vec![wreck("slipway.default.shop.production.api.8.0")],
        ..shown(State::Failed, 60, Vec::new())
    };
    let lines = left(&failed);
    assert!(lines[0].starts_with("  api, stopped, until "), "{lines:#?}");
    assert!(lines[1].contains("docker diff slipway.default.shop.production.api.8.0"), "{lines:#?}");
    assert_eq!(
        lines.last().map(String::as_str),
        Some("  slipway logs shop production --release 8")
    );
    assert!(left(&shown(State::Live, 60, Vec::new())).is_empty());
}
