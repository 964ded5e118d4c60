use super::*;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
const HALF: &str = r#"{"key":null,"kind":"class","threshold":5000}"#;

fn hour(age: i64, number: i64, quality: Quality) -> Hour {
    let model = format!("sha256:{}", number / 2);
    Hour { begins: NOW - TimeDelta::hours(age), number, model, quality }
}

fn classes(right: u64, wrong: u64) -> Quality {
    Quality::Class { right, wrong }
}

/// As a release keeps it: shares in hundredths of a per cent.
fn graded(hours: &[Hour], truth: &str) -> Vec<Grade> {
    accepted(hours, &[], truth)
}

/// The same, where something was accepted.
fn accepted(hours: &[Hour], standards: &[Standard], truth: &str) -> Vec<Grade> {
    let truth = serde_json::from_str(truth).expect("a truth");
    grades(Known { hours, standards }, TimeDelta::hours(24), &truth)
}

/// What was accepted of a model.
fn standard(model: &str, quality: Quality) -> Standard {
    let (by, reason) = ("ana".to_owned(), "another market".to_owned());
    Standard { version: 3, model: model.to_owned(), quality, by, reason, at: NOW }
}

fn told(hours: &[Hour]) -> Vec<(Verdict, String)> {
    let grades = graded(hours, HALF);
    grades.into_iter().map(|grade| (grade.verdict, grade.because)).collect()
}

#[test]
fn a_model_is_compared_with_itself() {
    let hours = [
        hour(90, 2, classes(90, 10)),
        hour(80, 3, classes(90, 10)),
        hour(3, 3, classes(180, 20)),
        hour(2, 4, classes(20, 80)),
    ];
    let all = graded(&hours, HALF);
    assert_eq!(all.iter().map(|it| it.releases.clone()).collect::<Vec<_>>(), [vec![4], vec![2, 3]]);
    assert_eq!((all[1].before.told, all[1].now.told), (200, 200));
    assert_eq!((all[1].against.as_deref(), all[0].against.as_deref()), (None, Some("sha256:1")));
    assert_eq!(
        (all[1].verdict, all[1].because.as_str()),
        (Verdict::AsBefore, "of all 10.0 % was wrong, 10.0 % before")
    );
}

#[test]
fn what_is_worse_is_told_with_how() {
    let classes = told(&[hour(90, 1, classes(950, 50)), hour(1, 1, classes(900, 100))]);
    assert_eq!(classes, [(Verdict::Worse, "of all 10.0 % was wrong, 5.0 % before".to_owned())]);
    let score =
        |found: u64, missed: u64| Quality::Score { yes: vec![missed, found], no: vec![0, 9] };
    let low = r#"{"key":null,"kind":"score","threshold":100}"#;
    let at = graded(&[hour(90, 1, score(90, 10)), hour(1, 1, score(60, 40))], low);
    assert_eq!(at[0].because, "of what was true 40.0 % was missed, 10.0 % before");
    let number = |each: f64| Quality::Number {
        count: 400,
        absolute: 400.0 * each,
        squares: 500.0 * each * each,
    };
    let numbers = told(&[hour(90, 1, number(2.0)), hour(1, 1, number(3.0))]);
    assert_eq!(numbers, [(Verdict::Worse, "off by 3.000 on average, by 2.000 before".to_owned())]);
}

#[test]
fn a_model_that_is_too_new_is_compared_with_the_one_before_it() {
    let hours = |right: u64| {
        [
            hour(3, 1, classes(950, 50)),
            hour(2, 1, classes(950, 50)),
            hour(1, 2, classes(right, 100)),
        ]
    };
    let worse = told(&hours(900));
    assert_eq!(worse[0], (Verdict::Worse, "of all 10.0 % was wrong, 5.0 % before".to_owned()));
    assert_eq!(worse[1].0, Verdict::InsufficientData);
    assert_eq!(told(&hours(1_900))[0].0, Verdict::AsBefore);
}

#[test]
fn a_model_that_is_as_bad_as_on_its_first_day_is_worse_than_the_one_before_it() {
    let hours = |right: u64| {
        [
            hour(150, 1, classes(1_900, 100)),
            hour(90, 2, classes(900, 100)),
            hour(1, 2, classes(right, 100)),
        ]
    };
    let bad = graded(&hours(900), HALF);
    assert_eq!(bad[0].because, "of all 10.0 % was wrong, 5.0 % before");
    assert_eq!((bad[0].verdict, bad[0].against.as_deref()), (Verdict::Worse, Some("sha256:0")));
    // It is over when its last window is as good.
    let good = graded(&hours(1_900), HALF);
    assert_eq!((good[0].verdict, good[0].against.as_deref()), (Verdict::AsBefore, None));
    assert_eq!(good[0].because, "of all 5.0 % was wrong, 10.0 % before");
}

#[test]
fn the_window_is_of_what_was_compared() {
    let ago = |hours: i64| NOW - TimeDelta::hours(hours);
    let mut hours = vec![
        hour(200, 1, classes(950, 50)),
        hour(90, 2, classes(60, 20)),
        hour(8, 2, classes(30, 10)),
        hour(1, 2, classes(30, 10)),
    ];
    // Of few requests all are compared with the model before.
    let all = graded(&hours, HALF);
    assert_eq!((all[0].verdict, all[0].now.told), (Verdict::Worse, 160));
    assert_eq!(all[0].window, (ago(90), NOW));
    hours.extend([hour(80, 2, classes(60, 20)), hour(0, 2, classes(90, 30))]);
    let last = graded(&hours, HALF);
    assert_eq!((last[0].now.told, last[0].window), (200, (ago(8), ago(-1))));
}

#[test]
fn what_is_told_late_is_judged_by_when_it_was_predicted() {
    let hours =
        |late: i64| [hour(90 + late, 1, classes(950, 50)), hour(1 + late, 1, classes(900, 100))];
    for late in [0, 1_000] {
        let grades = graded(&hours(late), HALF);
        assert_eq!(grades[0].verdict, Verdict::Worse, "{late}");
        assert_eq!(grades[0].window.1, NOW - TimeDelta::hours(late));
    }
}

#[test]
fn how_much_matters_is_declared() {
    let lenient = r#"{"key":null,"kind":"class","threshold":5000,"worse_by":600}"#;
    let hours = [hour(90, 1, classes(950, 50)), hour(1, 1, classes(900, 100))];
    assert_eq!(graded(&hours, lenient)[0].verdict, Verdict::AsBefore);
    assert_eq!(graded(&hours, HALF)[0].verdict, Verdict::Worse);
}

#[test]
fn little_is_not_told_for_no_difference() {
    let few = told(&[hour(90, 1, classes(50, 5)), hour(1, 1, classes(5, 50))]);
    assert_eq!(few[0].0, Verdict::InsufficientData);
    // Of so few, two points more are chance.
    let chance = told(&[hour(90, 1, classes(95, 5)), hour(1, 1, classes(92, 8))]);
    assert_eq!(chance[0].0, Verdict::AsBefore);
    assert_eq!(told(&[]), []);
}

#[test]
fn what_was_accepted_of_a_model_stands_for_its_past_and_for_the_model_before_it() {
    let hours = |wrong: u64| {
        [
            hour(150, 1, classes(1_900, 100)),
            hour(90, 2, classes(950, 50)),
            hour(1, 2, classes(1_000 - wrong, wrong)),
        ]
    };
    let standards = [standard("sha256:1", classes(900, 100))];
    let graded = |wrong: u64| accepted(&hours(wrong), &standards, HALF).swap_remove(0);
    assert_eq!(graded(100).verdict, Verdict::AsBefore);
    assert_eq!(graded(100).standard.map(|standard| standard.version), Some(3));
    let worse = graded(150);
    assert_eq!((worse.verdict, worse.against), (Verdict::Worse, None));
    assert_eq!(worse.because, "of all 15.0 % was wrong, 10.0 % before");
}

#[test]
fn the_next_model_is_compared_with_what_was_accepted_of_the_one_before_it() {
    let hours = |wrong: u64| {
        [
            hour(90, 1, classes(950, 50)),
            hour(80, 1, classes(900, 100)),
            hour(1, 2, classes(1_000 - wrong, wrong)),
        ]
    };
    let standards = [standard("sha256:0", classes(900, 100))];
    let verdict = |wrong: u64| accepted(&hours(wrong), &standards, HALF)[0].verdict;
    let next = accepted(&hours(150), &standards, HALF).swap_remove(0);
    assert_eq!(next.against.as_deref(), Some("sha256:0"));
    assert_eq!(next.standard.map(|standard| standard.version), Some(3));
    assert_eq!((verdict(105), verdict(150)), (Verdict::AsBefore, Verdict::Worse));
    assert_eq!(graded(&hours(105), HALF)[0].verdict, Verdict::Worse, "where nothing was accepted");
}

#[test]
fn a_model_of_few_requests_is_compared_with_what_was_accepted_by_all_that_came_after() {
    let standards = [standard("sha256:0", classes(80, 20))];
    // The first hour made the standard.
    let mut hours = vec![hour(3, 1, classes(200, 0)), hour(-30, 1, classes(30, 30))];
    let first = accepted(&hours, &standards, HALF).swap_remove(0);
    assert_eq!((first.verdict, first.now.told), (Verdict::InsufficientData, 60));
    hours.push(hour(-60, 1, classes(30, 30)));
    let all = accepted(&hours, &standards, HALF).swap_remove(0);
    assert_eq!((all.verdict, all.now.told), (Verdict::Worse, 120));
    assert_eq!(all.because, "of all 50.0 % was wrong, 20.0 % before");
    assert_eq!(all.standard.map(|standard| standard.version), Some(3));
}

#[test]
fn what_was_accepted_of_another_kind_stands_for_nothing() {
    let hours = [hour(90, 1, classes(950, 50)), hour(1, 1, classes(900, 100))];
    let numbers = Quality::Number { count: 400, absolute: 400.0, squares: 400.0 };
    let standards = [standard("sha256:0", numbers)];
    let grade = accepted(&hours, &standards, HALF).swap_remove(0);
    assert_eq!((grade.verdict, grade.standard), (Verdict::Worse, None));
}

#[test]
fn a_window_that_is_asked_for_holds_no_more() {
    let hours = [hour(90, 1, classes(950, 50)), hour(1, 1, classes(30, 10))];
    let known = Known { hours: &hours, standards: &[] };
    let of_a_day = known.last("sha256:0", TimeDelta::hours(24));
    assert_eq!(of_a_day, (classes(30, 10), (NOW - TimeDelta::hours(1), NOW)));
}
