//! Whether an answer is what the manifest expects of it. Pure.

use crate::probe::Reply;
use manifest::{Expectation, JsonType, VerifyRequest};
use serde_json::{Number, Value};

/// What of `reply` is not as `request` wants it, each in words a person understands; nothing when all is well.
pub(crate) fn faults(request: &VerifyRequest, reply: &Reply) -> Vec<String> {
    let mut faults = Vec::new();
    if reply.status != request.status {
        faults.push(format!("the status is {}, not {}", reply.status, request.status));
    }
    if request.expect.is_empty() {
        return faults;
    }
    let Some(body) = &reply.body else {
        faults.push("the body is longer than 1 MiB".to_owned());
        return faults;
    };
    match serde_json::from_slice::<Value>(body) {
        Ok(answer) => {
            for (place, expectation) in &request.expect {
                let name = if place.as_str().is_empty() { "the answer" } else { place.as_str() };
                faults.extend(fault(name, answer.pointer(place.as_str()), expectation));
            }
        }
        Err(_) => faults.push("the body is not JSON".to_owned()),
    }
    faults
}

/// The first thing that is wrong with one place.
fn fault(name: &str, found: Option<&Value>, wanted: &Expectation) -> Option<String> {
    let Some(found) = found else { return Some(format!("{name} is not there")) };
    if let Some(kind) = wanted.kind
        && kind != type_of(found)
    {
        return Some(format!("{name} is of type {}, not {kind}", type_of(found)));
    }
    if let Some(equals) = &wanted.equals
        && !same(&equals.0, found)
    {
        return Some(format!("{name} is {found}, not {}", equals.0));
    }
    if wanted.min.is_none() && wanted.max.is_none() {
        return None;
    }
    let Some(number) = found.as_f64() else {
        return Some(format!("{name} is {found}, not a number"));
    };
    let bound = |bound: &Option<Number>| bound.as_ref().and_then(Number::as_f64);
    if let Some(min) = bound(&wanted.min)
        && number < min
    {
        return Some(format!("{name} is {found}, below {min}"));
    }
    let max = bound(&wanted.max)?;
    (number > max).then(|| format!("{name} is {found}, above {max}"))
}

/// Numbers are the same by value: 1 is 1.0.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted.as_f64(), found.as_f64()) {
        (Some(wanted), Some(found)) => wanted.total_cmp(&found).is_eq(),
        _ => wanted == found,
    }
}

fn type_of(value: &Value) -> JsonType {
    match value {
        Value::Object(_) => JsonType::Object,
        Value::Array(_) => JsonType::Array,
        Value::String(_) => JsonType::String,
        Value::Number(_) => JsonType::Number,
        Value::Bool(_) => JsonType::Boolean,
        Value::Null => JsonType::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// What is wrong with `body` by these lines of `expect`.
    fn told(expect: &str, status: u16, body: &str) -> String {
        let text = format!(
            "version: 1\napp: shop\nservices: {{ web: {{ image: web, http: {{ port: 80 }} }} }}\n\
             environments: {{ production: {{ track: {{ branch: main }} }} }}\n\
             verify: [{{ service: web, get: /predict, expect: {expect} }}]\n"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let body = Some(body.to_owned().into());
        let reply = Reply { status, body, took: Duration::ZERO };
        faults(&manifest.verify[0], &reply).join("; ")
    }

    #[test]
    fn each_expectation_says_what_it_found() {
        assert_eq!(
            told("{ /score: { type: number, min: 0, max: 1 } }", 200, r#"{"score":0.4}"#),
            ""
        );
        let score = "{ /score: { type: number, min: 0, max: 1 } }";
        assert_eq!(told(score, 200, r#"{"score":1.4}"#), "/score is 1.4, above 1");
        assert_eq!(told(score, 200, r#"{"score":-2}"#), "/score is -2, below 0");
        assert_eq!(told(score, 200, r#"{"score":"a"}"#), "/score is of type string, not number");
        assert_eq!(told(score, 200, r#"{"label":1}"#), "/score is not there");
        assert_eq!(told(score, 503, "busy"), "the status is 503, not 200; the body is not JSON");
        assert_eq!(told("{ /version: 2 }", 200, r#"{"version":2.0}"#), "");
        assert_eq!(
            told("{ /version: two }", 200, r#"{"version":"one"}"#),
            "/version is \"one\", not \"two\""
        );
        assert_eq!(told("{ /n: { min: 1 } }", 200, r#"{"n":[1]}"#), "/n is [1], not a number");
        assert_eq!(told("{ '': { type: array } }", 200, "[]"), "");
    }

    proptest! {
        #[test]
        fn any_body_is_judged(body in "\\PC{0,60}", status in 100_u16..600) {
            let told = told("{ /a/0: { min: 1 } }", status, &body);
            prop_assert!(!told.is_empty(), "{}", told);
        }
    }
}
