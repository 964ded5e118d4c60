use super::*;
use prost_types::Timestamp;
use proto::v1::{Canary, Failure, ReleaseStep};

fn at(millis: i64) -> Timestamp {
    let nanos = i32::try_from(millis % 1000 * 1_000_000).expect("below a second");
    Timestamp { seconds: 1_700_000_000 + millis / 1000, nanos }
}

fn now(millis: i64) -> DateTime<Utc> {
    proto::time::from_timestamp(&at(millis)).expect("in range")
}

fn step(name: &str, from: i64, to: Option<i64>, detail: &str) -> ReleaseStep {
    ReleaseStep {
        step: name.to_owned(),
        start_time: Some(at(from)),
        end_time: to.map(at),
        detail: detail.to_owned(),
        failed: false,
    }
}

fn starting() -> Release {
    Release {
        app: "shop".to_owned(),
        environment: "production".to_owned(),
        number: 7,
        state: State::Starting.into(),
        commit: "9f3c2a1b4d5e6f".to_owned(),
        git_ref: "refs/heads/main".to_owned(),
        cause: "push".to_owned(),
        by: "ada".to_owned(),
        strategy: "blue_green".to_owned(),
        create_time: Some(at(0)),
        steps: vec![
            step("queued", 0, Some(40), ""),
            step("preparing", 40, Some(300), "2 images were here"),
            step("starting", 300, None, "api: GET /ready 503"),
        ],
        ..Release::default()
    }
}

fn failed() -> Release {
    let mut release = starting();
    release.state = State::Failed.into();
    release.end_time = Some(at(9_000));
    release.steps[2].end_time = Some(at(9_000));
    release.failure = Some(Failure {
        reason: "GATE_TIMEOUT".to_owned(),
        message: "not ready within 9s; check what /ready waits for".to_owned(),
        service: "api".to_owned(),
        probe_lines: vec!["GET /ready 503".to_owned()],
        log_lines: vec!["loading model".to_owned(), "still loading".to_owned()],
        ..Failure::default()
    });
    release
}

#[test]
fn a_release_that_moves_shows_each_step_with_its_time() {
    insta::assert_snapshot!(block(&starting(), now(2_400)).join("\n"), @r"
    shop/production #7: 9f3c2a1b4d (main), blue-green, push by ada
      ✓ queued                  0.0s
      ✓ preparing               0.3s  2 images were here
      → starting                2.1s  api: GET /ready 503
    ");
}

#[test]
fn a_failed_release_shows_the_cause_with_the_evidence() {
    insta::assert_snapshot!(block(&failed(), now(60_000)).join("\n"), @r"
    shop/production #7: 9f3c2a1b4d (main), blue-green, push by ada
      ✓ queued                  0.0s
      ✓ preparing               0.3s  2 images were here
      ✗ starting                8.7s  api: GET /ready 503
    shop/production #7 has failed after 9.0s
    ✗ GATE_TIMEOUT in service api: not ready within 9s; check what /ready waits for
      last probes:
      | GET /ready 503
      last log:
      | loading model
      | still loading
    ");
}

#[test]
fn the_cross_is_at_the_step_that_failed() {
    let mut release = failed();
    release.failure = None;
    release.steps[2].failed = true;
    release.steps.push(step("rolling_back", 9_000, Some(9_200), "1 instance removed"));
    release.steps.push(step("failed", 9_200, Some(9_200), ""));
    insta::assert_snapshot!(block(&release, now(60_000)).join("\n"), @r"
    shop/production #7: 9f3c2a1b4d (main), blue-green, push by ada
      ✓ queued                  0.0s
      ✓ preparing               0.3s  2 images were here
      ✗ starting                8.7s  api: GET /ready 503
      ✓ rolling back            0.2s  1 instance removed
      · failed                  0.0s
    shop/production #7 has failed after 9.0s
    ");
}

#[test]
fn appended_lines_tell_only_what_is_new() {
    let before = starting();
    let mut after = starting();
    after.steps[2].end_time = Some(at(4_000));
    after.steps.push(step("shifting", 4_000, None, "100 %"));
    insta::assert_snapshot!(news(Some(&before), &after, now(4_100)).join("\n"), @r"
    ✓ starting                3.7s  api: GET /ready 503
    → shifting                0.1s  100 %
    ");
    assert_eq!(news(Some(&after), &after, now(9_000)), Vec::<String>::new());
}

#[test]
fn the_exit_status_tells_the_outcome() {
    assert_eq!(release::outcome(State::Baking), None);
    assert_eq!(release::outcome(State::Live), Some(Exit::Done));
    assert_eq!(release::outcome(State::RolledBack), Some(Exit::Failed));
    assert_eq!(release::outcome(State::Superseded), Some(Exit::Interrupted));
}

fn undecided() -> Release {
    let mut release = starting();
    release.state = State::Shifting.into();
    release.weight_percent = 10;
    release.canary = Some(Canary {
        step: 1,
        steps: 3,
        verdict: "inconclusive".to_owned(),
        sentence: "inconclusive: errors: nothing was seen of the candidate".to_owned(),
        waits: true,
        look_time: Some(at(9_000)),
        hold: Some(prost_types::Duration { seconds: 600, nanos: 0 }),
    });
    release
}

#[test]
fn who_has_to_decide_is_told_what_and_how() {
    insta::assert_snapshot!(block(&undecided(), now(9_000)).join("\n"), @"
    shop/production #7: 9f3c2a1b4d (main), blue-green, push by ada
      ✓ queued                  0.0s
      ✓ preparing               0.3s  2 images were here
      → starting                8.7s  api: GET /ready 503
      step 1 of 3 at 10 % for 10m00s at least: inconclusive: errors: nothing was seen of the candidate
      it waits for a person: `slipway promote shop production` lets it go on, `slipway cancel shop production` sends it back
    ");
}

#[test]
fn a_person_is_asked_once() {
    let ask = |before: &Release| news(Some(before), &undecided(), now(9_000)).join("\n");
    assert!(ask(&starting()).contains("slipway promote shop production"));
    assert_eq!(ask(&undecided()), "");
}
