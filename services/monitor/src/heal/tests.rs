use super::*;
use proptest::prelude::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + second, 0).expect("in range")
}

fn target(reason: Reason) -> Target {
    Target {
        name: "web/0".to_owned(),
        reasons: vec![reason],
        fingerprint: reason.as_str().to_owned(),
        with_data: false,
        asked_at: None,
    }
}

fn attempt(second: i64, reason: Reason) -> Attempt {
    Attempt {
        target: "web/0".to_owned(),
        fingerprint: reason.as_str().to_owned(),
        at: at(second),
        succeeded: true,
        failure: None,
        is_here: true,
        of_release: true,
    }
}

fn reason(decision: &Decision) -> &'static str {
    match decision {
        Decision::Heal => "HEAL",
        Decision::Wait { .. } => "WAIT",
        Decision::Withhold { reason, .. } => reason,
    }
}

/// What is decided at `second` after attempts at these times, each for something else.
fn after(times: &[i64], second: i64) -> &'static str {
    let attempts: Vec<Attempt> =
        times.iter().zip(Reason::ALL).map(|(&second, reason)| attempt(second, reason)).collect();
    reason(&decide(&target(Reason::Orphaned), &attempts, Limits::default(), at(second)))
}

#[test]
fn the_first_is_healed_at_once_and_each_further_one_waits_longer() {
    assert_eq!(after(&[], 0), "HEAL");
    assert_eq!((after(&[0], 4), after(&[0], 5)), ("WAIT", "HEAL"));
    assert_eq!((after(&[0, 5], 19), after(&[0, 5], 20)), ("WAIT", "HEAL"));
    assert_eq!((after(&[0, 5, 20], 64), after(&[0, 5, 20], 65)), ("WAIT", "HEAL"));
}

#[test]
fn a_quiet_time_makes_it_begin_anew() {
    assert_eq!(after(&[0, 5, 20, 900], 904), "WAIT");
    assert_eq!(after(&[0, 5, 20, 900], 905), "HEAL");
}

#[test]
fn the_budget_of_an_hour_ends_it() {
    let times = [0, 600, 1200, 1800, 2400];
    assert_eq!(after(&times, 3500), "HEAL_BUDGET");
    assert_eq!(after(&times, 3601), "HEAL");
}

#[test]
fn the_same_again_and_again_is_a_fight() {
    let attempts = [0, 700, 1400].map(|second| attempt(second, Reason::Limits));
    let decided = |target: &Target, attempts: &[Attempt]| {
        reason(&decide(target, attempts, Limits::default(), at(2100)))
    };
    assert_eq!(decided(&target(Reason::Limits), &attempts), "HEAL_FIGHT");
    assert_eq!(decided(&target(Reason::Env), &attempts), "HEAL");
    let failed = attempts.clone().map(|attempt| Attempt { succeeded: false, ..attempt });
    assert_eq!(decided(&target(Reason::Limits), &failed), "HEAL");
    let of_another = attempts.map(|attempt| Attempt { of_release: false, ..attempt });
    assert_eq!(decided(&target(Reason::Limits), &of_another), "HEAL");
}

#[test]
fn who_asks_is_heard_once() {
    let attempts = [0, 700, 1400].map(|second| attempt(second, Reason::Limits));
    let asked = |second| Target { asked_at: Some(at(second)), ..target(Reason::Limits) };
    let decided = |target: &Target| reason(&decide(target, &attempts, Limits::default(), at(1500)));
    assert_eq!((decided(&asked(1450)), decided(&asked(1400))), ("HEAL", "HEAL_FIGHT"));
}

#[test]
fn mounts_of_a_service_with_data_are_never_touched() {
    let target = Target { with_data: true, asked_at: Some(at(0)), ..target(Reason::Mounts) };
    assert_eq!(reason(&decide(&target, &[], Limits::default(), at(0))), "HEAL_DATA");
}

proptest! {
    /// Whoever makes it differ again at once, there are no more attempts in an hour than the budget.
    #[test]
    fn no_more_than_the_budget_in_any_hour(steps in proptest::collection::vec(1_i64..120, 1..400), budget in 1_u32..8) {
        let limits = Limits { budget, ..Limits::default() };
        let (mut attempts, mut now) = (Vec::new(), 0);
        for (n, step) in steps.into_iter().enumerate() {
            now += step;
            let target = target(Reason::ALL[n % Reason::ALL.len()]);
            if decide(&target, &attempts, limits, at(now)) == Decision::Heal {
                attempts.push(Attempt { at: at(now), ..attempt(0, target.reasons[0]) });
            }
            let recent = attempts.iter().filter(|it| at(now) - it.at < WINDOW).count();
            prop_assert!(recent <= budget as usize);
        }
    }

    #[test]
    fn pauses_never_get_shorter_and_end_at_the_longest(row in 0_u32..50) {
        let pause = |row| pause(Duration::from_secs(5), row);
        prop_assert!(pause(row) <= pause(row + 1) && pause(row) <= LONGEST);
    }
}
