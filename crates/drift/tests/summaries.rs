//! Counts of parts add up to the counts of the whole, and say of drift what the values say.

use drift::{Cell, Column, Form, Judge, Methods, Mode, Outline, Pair, Summary, Verdict};
use proptest::prelude::*;

/// As judged by the counts, or by the values.
fn verdict(pair: (&Column, &Column), outline: &Outline) -> Verdict {
    let mut judge = Judge::new(Mode::Slipway, Methods::Deciding, 200);
    let (reference, current) = (Some(pair.0), Some(pair.1));
    let kind = Some(outline.kind());
    judge.add(Pair { name: "any", kind, importance: 1.0, reference, current });
    judge.report().dataset.verdict
}

fn counted(pair: (&Column, &Column), most: usize) -> Verdict {
    let outline = Outline::of(pair.0);
    let [one, two] =
        [pair.0, pair.1].map(|column| Summary::of(&outline, column).column(&outline, most));
    verdict((&one, &two), &outline)
}

#[derive(Debug, Clone)]
enum Any {
    Missing,
    Whole(i32),
    Flag(bool),
    Text(String),
}

impl Any {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Missing => Cell::Missing,
            Self::Whole(value) => Cell::Number(f64::from(*value)),
            Self::Flag(value) => Cell::Flag(*value),
            Self::Text(text) => Cell::Text(text),
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Any>> {
    let any = prop_oneof![
        Just(Any::Missing),
        (-9..9_i32).prop_map(Any::Whole),
        any::<bool>().prop_map(Any::Flag),
        "[a-e0-3]".prop_map(Any::Text),
    ];
    prop::collection::vec(any, 0..60)
}

fn outline() -> impl Strategy<Value = Outline> {
    let edges = prop::collection::btree_set(-5..5_i32, 0..6)
        .prop_map(|edges| Outline::Numbers { edges: edges.into_iter().map(f64::from).collect() });
    let known = prop::collection::btree_set("[a-c0-1]|true|false", 0..5)
        .prop_map(|known| Outline::Values { known: known.into_iter().collect() });
    prop_oneof![edges, known, Just(Outline::Presence)]
}

fn summary(outline: &Outline, rows: &[Any]) -> Summary {
    let mut summary = Summary::empty(outline);
    for row in rows {
        summary.add(outline, row.cell());
    }
    summary
}

fn merged(one: &Summary, two: &Summary) -> Summary {
    let mut both = one.clone();
    both.merge(two);
    both
}

/// Everything is whole but the moments, which are rounded.
fn same(one: &Summary, two: &Summary) -> bool {
    let without = |summary: &Summary| {
        let mut json = serde_json::to_value(summary).expect("JSON");
        json["moments"] = serde_json::Value::Null;
        json
    };
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let moments = [one, two].map(|it| it.moments().mean_and_deviation());
    let are_near = match moments {
        [Some(a), Some(b)] => near(a.0, b.0) && near(a.1, b.1),
        [a, b] => a == b,
    };
    without(one) == without(two) && are_near
}

proptest! {
    #[test]
    fn parts_add_up_in_any_order(outline in outline(), a in rows(), b in rows(), c in rows()) {
        let all: Vec<Any> = [a.clone(), b.clone(), c.clone()].concat();
        let whole = summary(&outline, &all);
        let [a, b, c] = [a, b, c].map(|rows| summary(&outline, &rows));
        let (left, right) = (merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert!(same(&left, &right) && same(&left, &whole), "{left:?}\n{right:?}\n{whole:?}");
        prop_assert!(same(&merged(&a, &b), &merged(&b, &a)));
        prop_assert_eq!(merged(&a, &Summary::empty(&outline)), a);
    }

    #[test]
    fn what_was_written_is_read_again(outline in outline(), rows in rows()) {
        let summary = summary(&outline, &rows);
        let json = serde_json::to_string(&(&outline, &summary)).expect("JSON");
        let read: (Outline, Summary) = serde_json::from_str(&json).expect("readable");
        prop_assert!(read.0 == outline && same(&read.1, &summary));
    }

    #[test]
    fn a_column_has_as_many_rows_as_were_counted(outline in outline(), rows in rows()) {
        let column = summary(&outline, &rows).column(&outline, 1_000);
        prop_assert_eq!(column.rows, rows.len());
        let few = summary(&outline, &rows).column(&Outline::Presence, 10);
        prop_assert_eq!(few.rows, rows.len());
    }

    #[test]
    fn counts_never_drift_from_themselves(values in prop::collection::vec(-4.0..4.0_f64, 1..900)) {
        let column = Column::numbers(values.len() + 3, values, Form::Real);
        prop_assert!(counted((&column, &column), 500) != Verdict::Drift);
    }
}

/// Numbers that look drawn at random, always the same.
fn drawn(count: u32, salt: u32) -> impl Iterator<Item = f64> {
    let step = move |i: u32| {
        let x = (i ^ salt.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
        let x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
        (f64::from(x ^ (x >> 16)) + 1.0) / (f64::from(u32::MAX) + 2.0)
    };
    (0..count).map(step)
}

#[test]
fn counts_say_what_values_say() {
    let real = |values: Vec<f64>| Column::numbers(values.len(), values, Form::Real);
    let reference = real(drawn(5_000, 1).map(|x| -x.ln()).collect());
    let [same, shifted, tail] =
        [0.0, 0.3, 0.0].map(|shift| drawn(4_000, 2).map(|x| shift - x.ln()).collect::<Vec<f64>>());
    let tail = tail.into_iter().enumerate().map(|(i, x)| if i % 50 == 0 { x * 40.0 } else { x });
    let (same, shifted, tail) = (real(same), real(shifted), real(tail.collect()));
    for (current, expected) in
        [(&same, Verdict::NoDrift), (&shifted, Verdict::Drift), (&tail, Verdict::Drift)]
    {
        let pair = (&reference, current);
        assert_eq!(verdict(pair, &Outline::of(&reference)), expected);
        assert_eq!(counted(pair, 100_000), expected);
        assert_eq!(counted(pair, 2_000), expected, "thinned");
    }
}

#[test]
fn values_are_counted_by_name_and_truths_as_they_are_known() {
    let reference = Column::numbers(600, [0.0, 1.0, 1.0].repeat(200), Form::Whole);
    let outline = Outline::of(&reference);
    let mut current = Summary::empty(&outline);
    for i in 0..600 {
        current.add(&outline, Cell::Flag(i % 3 > 0));
    }
    let column = Summary::of(&outline, &reference).column(&outline, 1_000);
    assert_eq!(current.column(&outline, 1_000), column);
    for _ in 0..300 {
        current.add(&outline, Cell::Text("two"));
    }
    assert_eq!(verdict((&column, &current.column(&outline, 1_000)), &outline), Verdict::Drift);
}

#[test]
fn too_few_rows_say_nothing() {
    let of = |count| Column::numbers(100, drawn(count, 3).collect(), Form::Real);
    assert_eq!(counted((&of(100), &of(100)), 1_000), Verdict::InsufficientData);
}

#[test]
fn parts_of_a_column_are_joined() {
    let numbers = |values: &[f64]| Column::numbers(values.len() + 1, values.to_vec(), Form::Real);
    let joined = Column::joined(&[numbers(&[3.0, 1.0]), numbers(&[]), numbers(&[2.0])]);
    assert_eq!(joined, Column::numbers(6, vec![1.0, 2.0, 3.0], Form::Real));
    let texts = Column::texts(2, [("1".into(), 2)]);
    let mixed = Column::joined(&[numbers(&[1.0, 2.5]), texts]);
    assert_eq!(mixed, Column::texts(5, [("1".into(), 3), ("2.5".into(), 1)]));
}
