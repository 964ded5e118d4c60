//! Whether an answer is what the manifest expects of it. Pure.

use crate::probe::Reply;
use manifest::{Expectation, JsonType, Text, VerifyRequest};
use serde_json::{Number, Value};

/// What of `reply` is not as `request` wants it, each in words a person understands; nothing when all is well.
pub(crate) fn faults(request: &VerifyRequest, reply: &Reply) -> Vec<String> {
    let mut faults = Vec::new();
    if reply.status != request.status {
        faults.push(format!("the status is {}, not {}", reply.status, request.status));
    }
    let headers = request.expect_headers.iter();
    faults.extend(headers.filter_map(|(name, wanted)| header_fault(reply, name, wanted)));
    if request.expect.is_empty() && request.expect_body.is_none() {
        return faults;
    }
    let Some(body) = &reply.body else {
        faults.push("the body is longer than 1 MiB".to_owned());
        return faults;
    };
    if let Some(wanted) = &request.expect_body
        && !String::from_utf8_lossy(body).contains(wanted.as_str())
    {
        faults.push(format!("the body does not hold {:?}", wanted.as_str()));
    }
    faults.extend(json_faults(request, body));
    faults
}

/// A header may come several times; one that holds what is wanted is enough.
fn header_fault(reply: &Reply, name: &Text, wanted: &Text) -> Option<String> {
    let values = reply.headers.get_all(name.as_str()).iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let found: Vec<String> = values.collect();
    if found.is_empty() {
        return Some(format!("header {name} is not there"));
    }
    let holds = found.iter().any(|value| value.contains(wanted.as_str()));
    let found = found.join(", ");
    // As it came: escaped, a secret in it would not be found to be hidden.
    (!holds).then(|| format!("header {name} is \"{found}\", without {:?}", wanted.as_str()))
}

fn json_faults(request: &VerifyRequest, body: &[u8]) -> Vec<String> {
    if request.expect.is_empty() {
        return Vec::new();
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return vec!["the body is not JSON".to_owned()];
    };
    let faults = request.expect.iter().filter_map(|(place, expectation)| {
        let name = if place.as_str().is_empty() { "the answer" } else { place.as_str() };
        fault(name, answer.pointer(place.as_str()), expectation)
    });
    faults.collect()
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
    use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use std::time::Duration;

    /// What is wrong with `body` by these lines of `expect`.
    fn told(expect: &str, status: u16, body: &str) -> String {
        told_of(&format!("expect: {expect}"), status, body)
    }

    /// The same by these `lines` of the request; the answer is of type `text/html; charset=utf-8`.
    fn told_of(lines: &str, status: u16, body: &str) -> String {
        let text = format!(
            "version: 1\napp: shop\nservices: {{ web: {{ image: web, http: {{ port: 80 }} }} }}\n\
             environments: {{ production: {{ track: {{ branch: main }} }} }}\n\
             verify: [{{ service: web, get: /predict, {lines} }}]\n"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let body = Some(body.to_owned().into());
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        let reply = Reply { status, headers, body, took: Duration::ZERO };
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

    #[test]
    fn headers_and_bodies_of_any_type_can_be_expected() {
        let html = "expect_headers: { Content-Type: text/html }, expect_body: ready";
        assert_eq!(told_of(html, 200, "<p>ready</p>"), "");
        assert_eq!(told_of(html, 200, "<p>busy</p>"), "the body does not hold \"ready\"");
        let json = "expect_headers: { content-type: application/json, etag: W }";
        assert_eq!(
            told_of(json, 200, "{}"),
            "header content-type is \"text/html; charset=utf-8\", without \"application/json\"; \
             header etag is not there"
        );
    }

    proptest! {
        #[test]
        fn any_body_is_judged(body in "\\PC{0,60}", status in 100_u16..600) {
            let told = told("{ /a/0: { min: 1 } }", status, &body);
            prop_assert!(!told.is_empty(), "{}", told);
        }
    }
}
