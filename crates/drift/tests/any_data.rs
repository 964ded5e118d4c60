//! Whatever stands in two columns: nothing panics, probabilities are probabilities, and little data are never unchanged.

use drift::{Code, Column, Form, Judge, Kind, Methods, Mode, Pair, Report, Verdict};
use proptest::prelude::*;

fn report(mode: Mode, kind: Option<Kind>, pair: (&Column, &Column)) -> Report {
    let mut judge = Judge::new(mode, Methods::All, 200);
    let (reference, current) = (Some(pair.0), Some(pair.1));
    judge.add(Pair { name: "any", kind, importance: 1.0, reference, current });
    judge.report()
}

fn number() -> impl Strategy<Value = f64> {
    let extreme = prop_oneof![Just(1.7e308), Just(-1.7e308), Just(1e300), Just(5e-324)];
    let special = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), extreme];
    prop_oneof![4 => -3.0..3.0_f64, 4 => (0..4_i32).prop_map(f64::from), 1 => special]
}

fn column() -> impl Strategy<Value = Column> {
    let numbers = prop::collection::vec(number(), 0..40);
    let forms = prop_oneof![Just(Form::Real), Just(Form::Whole), Just(Form::Flag)];
    let numbers = (numbers, forms, 0..5_usize)
        .prop_map(|(values, form, more)| Column::numbers(values.len() + more, values, form));
    let texts = prop::collection::hash_map("[a-d]", 1..9_usize, 0..4).prop_map(|counts| {
        let rows = counts.values().sum::<usize>() + 2;
        Column::texts(rows, counts.into_iter().map(|(text, count)| (text.into(), count)))
    });
    prop_oneof![numbers, texts]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_panics_and_probabilities_are_probabilities(
        one in column(),
        other in column(),
        kind in prop_oneof![Just(None), Just(Some(Kind::Num)), Just(Some(Kind::Cat))],
    ) {
        for mode in [Mode::Slipway, Mode::Evidently] {
            let said = report(mode, kind, (&one, &other));
            for row in &said.results {
                prop_assert!(row.score.is_some() != row.error.is_some(), "{row:?}");
                let p = row.p_value.map_or(0.0, |p| p.0);
                prop_assert!(p.is_nan() || (0.0..=1.0).contains(&p), "{row:?}");
            }
            let columns = said.columns.iter();
            let unchanged = columns.filter(|it| it.verdict == Verdict::NoDrift).count();
            prop_assert!(mode == Mode::Evidently || unchanged == 0, "{said:?}");
        }
    }

    #[test]
    fn a_column_never_drifts_from_itself(one in column()) {
        let said = report(Mode::Slipway, None, (&one, &one));
        prop_assert!(said.dataset.verdict != Verdict::Drift, "{said:?}");
        let changed = |code| matches!(code, Code::NewValues | Code::VanishedValues);
        prop_assert!(!said.findings.iter().any(|finding| changed(finding.code)));
    }
}
