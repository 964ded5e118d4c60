//! The number in an answer. Pure.

use manifest::JsonPointer;
use serde_json::Value;

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoNumber {
    #[error("the answer is not JSON")]
    NotJson,
    #[error("the answer is not one of Prometheus")]
    NotPrometheus,
    #[error("the query found nothing")]
    Nothing,
    #[error("the query found {0} series, not one")]
    Many(usize),
    #[error("the query gives a {0}, not one number")]
    Kind(String),
    #[error("{0} is not there")]
    Missing(String),
    #[error("{place} is {found}, not a number")]
    Other { place: String, found: String },
}

/// Longer values say nothing more.
const TOLD: usize = 60;

/// What an instant query came to.
pub(super) fn of_prometheus(body: &[u8]) -> Result<f64, NoNumber> {
    let answer = json(body)?;
    let data = &answer["data"];
    let result = &data["result"];
    match data["resultType"].as_str().ok_or(NoNumber::NotPrometheus)? {
        "scalar" => sample(result),
        "vector" => match result.as_array().map(Vec::as_slice) {
            None => Err(NoNumber::NotPrometheus),
            Some([]) => Err(NoNumber::Nothing),
            Some([one]) => sample(&one["value"]),
            Some(many) => Err(NoNumber::Many(many.len())),
        },
        other => Err(NoNumber::Kind(other.to_owned())),
    }
}

/// Time, and value as text.
fn sample(sample: &Value) -> Result<f64, NoNumber> {
    let text = sample[1].as_str().ok_or(NoNumber::NotPrometheus)?;
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| other("the value", text))
}

/// The number at one place of JSON.
pub(super) fn at(pointer: &JsonPointer, body: &[u8]) -> Result<f64, NoNumber> {
    let place = if pointer.as_str().is_empty() { "the answer" } else { pointer.as_str() };
    let answer = json(body)?;
    let found = answer.pointer(pointer.as_str());
    let found = found.ok_or_else(|| NoNumber::Missing(place.to_owned()))?;
    found.as_f64().ok_or_else(|| other(place, &found.to_string()))
}

/// What Prometheus says is wrong with a query.
pub(super) fn complaint(body: &[u8]) -> Option<String> {
    Some(json(body).ok()?["error"].as_str()?.to_owned())
}

fn json(body: &[u8]) -> Result<Value, NoNumber> {
    serde_json::from_slice(body).map_err(|_| NoNumber::NotJson)
}

fn other(place: &str, found: &str) -> NoNumber {
    let found = crate::docker::clean(found).chars().take(TOLD).collect();
    NoNumber::Other { place: place.to_owned(), found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn queried(kind: &str, result: &str) -> Result<f64, String> {
        let body =
            format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#);
        of_prometheus(body.as_bytes()).map_err(|error| error.to_string())
    }

    fn said(kind: &str, result: &str) -> String {
        queried(kind, result).expect_err("no number")
    }

    #[test]
    fn a_query_gives_one_number() {
        let one = r#"[{"metric":{"job":"shop"},"value":[1790000000.781,"12.5"]}]"#;
        assert_eq!(queried("vector", one), Ok(12.5));
        assert_eq!(queried("scalar", r#"[1790000000, "3"]"#), Ok(3.0));
    }

    #[test]
    fn what_is_not_one_number_is_said() {
        assert_eq!(said("vector", "[]"), "the query found nothing");
        let two = r#"[{"value":[1,"1"]},{"value":[1,"2"]}]"#;
        assert_eq!(said("vector", two), "the query found 2 series, not one");
        assert_eq!(said("matrix", "[]"), "the query gives a matrix, not one number");
        for word in ["NaN", "+Inf", "-Inf"] {
            let said = said("vector", &format!(r#"[{{"value":[1,"{word}"]}}]"#));
            assert_eq!(said, format!("the value is {word}, not a number"));
        }
        assert_eq!(
            said("vector", r#"[{"histogram":[1,{}]}]"#),
            "the answer is not one of Prometheus"
        );
        assert_eq!(of_prometheus(b"<html>"), Err(NoNumber::NotJson));
        let refused =
            br#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected )"}"#;
        assert_eq!(complaint(refused).as_deref(), Some("parse error: unexpected )"));
    }

    #[test]
    fn a_place_of_json_holds_a_number() {
        let at = |pointer: &str, body: &str| {
            let pointer = JsonPointer::parse(pointer).expect("a pointer");
            at(&pointer, body.as_bytes()).map_err(|error| error.to_string())
        };
        assert_eq!(at("/cache/hits", r#"{"cache":{"hits":7}}"#), Ok(7.0));
        assert_eq!(at("", "0.5"), Ok(0.5));
        assert_eq!(at("/n", "{}"), Err("/n is not there".to_owned()));
        assert_eq!(at("/n", r#"{"n":"7"}"#), Err(r#"/n is "7", not a number"#.to_owned()));
    }

    proptest! {
        #[test]
        fn whatever_is_answered_is_a_number_or_none(body in proptest::collection::vec(any::<u8>(), 0..80)) {
            let pointer = JsonPointer::parse("/a").expect("a pointer");
            for number in [of_prometheus(&body), at(&pointer, &body)].into_iter().flatten() {
                prop_assert!(number.is_finite());
            }
        }
    }
}
