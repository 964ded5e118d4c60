//! Whether what a job measured is good enough to be committed. Pure.

use manifest::{Bound, Metrics};
use serde_json::{Number, Value};

/// What of `measured` is not as `wanted`, each in words a person understands; nothing when all is well. `live` is what
/// was measured of the model that is live, if that is known.
pub(crate) fn faults(wanted: &Metrics, measured: &Value, live: Option<&Value>) -> Vec<String> {
    let fault = |(place, bound): (&manifest::JsonPointer, &Bound)| {
        let found = measured.pointer(place.as_str());
        let live = live.and_then(|live| live.pointer(place.as_str())?.as_f64());
        fault(place.as_str(), found, (bound, live))
    };
    wanted.values.iter().filter_map(fault).collect()
}

/// The first thing that is wrong with one number.
fn fault(
    name: &str,
    found: Option<&Value>,
    (bound, live): (&Bound, Option<f64>),
) -> Option<String> {
    let Some(found) = found else { return Some(format!("{name} is not there")) };
    let Some(number) = found.as_f64() else {
        return Some(format!("{name} is {found}, not a number"));
    };
    let number_of = |bound: &Option<Number>| bound.as_ref().and_then(Number::as_f64);
    let (min, max) = (number_of(&bound.min), number_of(&bound.max));
    if let Some(min) = min.filter(|min| number < *min) {
        return Some(format!("{name} is {found}, below {min}"));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Some(format!("{name} is {found}, above {max}"));
    }
    let (tolerance, live) = number_of(&bound.not_worse_than_live).zip(live)?;
    // What differs by rounding alone is the same.
    let tolerance = tolerance + 1e-12 * live.abs();
    let more_is_better = min.is_some();
    let worse = if more_is_better { live - number } else { number - live };
    let word = if more_is_better { "below" } else { "above" };
    (worse > tolerance).then(|| {
        let allowed = bound.not_worse_than_live.as_ref().map(ToString::to_string);
        let allowed = allowed.unwrap_or_default();
        format!("{name} is {found}, more than {allowed} {word} the {live} of the live model")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn metrics(values: &str) -> Metrics {
        let text = format!(
            "
app: shop
services: {{ web: {{ image: web }} }}
jobs:
  train: {{ service: web, command: [x], at: manual, commit: {{ paths: [m], metrics: {{ file: /m.json, values: {values} }} }} }}
environments: {{ production: {{ track: {{ branch: main }} }} }}
"
        );
        let manifest = manifest::parse(&text).unwrap();
        let job = manifest.jobs.into_values().next().unwrap();
        job.commit.unwrap().metrics.unwrap()
    }

    fn told(values: &str, measured: &Value, live: Option<&Value>) -> String {
        faults(&metrics(values), measured, live).join("; ")
    }

    #[test]
    fn a_number_out_of_its_bounds_is_told_with_them() {
        let values = "{ /auc: { min: 0.8 }, /loss: { max: 0.3 }, /rows: 100, /name: 1 }";
        let measured = json!({"auc": 0.71, "loss": 0.4, "name": "best"});
        insta::assert_snapshot!(told(values, &measured, None), @r#"/auc is 0.71, below 0.8; /loss is 0.4, above 0.3; /name is "best", not a number; /rows is not there"#);
        let good = json!({"auc": 0.8, "loss": 0.3, "rows": 100, "name": 1});
        assert_eq!(told(values, &good, None), "");
    }

    #[test]
    fn a_model_that_is_worse_than_the_live_one_is_refused() {
        let values = "{ /auc: { min: 0, not_worse_than_live: 0.01 }, /loss: { max: 1, not_worse_than_live: 0 } }";
        let live = json!({"auc": 0.83, "loss": 0.2});
        let worse = json!({"auc": 0.81, "loss": 0.21});
        insta::assert_snapshot!(told(values, &worse, Some(&live)), @"/auc is 0.81, more than 0.01 below the 0.83 of the live model; /loss is 0.21, more than 0 above the 0.2 of the live model");
        assert_eq!(told(values, &json!({"auc": 0.82, "loss": 0.2}), Some(&live)), "");
        assert_eq!(told(values, &worse, None), "", "nothing is known of what is live");
    }

    proptest! {
        #[test]
        fn what_is_as_good_as_the_live_model_is_never_refused_for_it(auc in 0.0..1.0_f64, better in 0.0..1.0_f64) {
            let values = "{ /auc: { min: 0, not_worse_than_live: 0 } }";
            let found = told(values, &json!({"auc": auc + better}), Some(&json!({"auc": auc})));
            prop_assert_eq!(found, "");
        }
    }
}
