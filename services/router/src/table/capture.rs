//! What is captured of requests: which, and what of their JSON. Pure.
//!
//! Invariant: what is taken out of JSON are the declared values alone.

use super::PathPrefix;
use super::parse::Violations;
use events::sample::ScalarV1;
use events::{AppName, EnvironmentName, ReleaseId};
use proto::v1;
use serde_json::Value;

/// What the column of predictions is called.
const PREDICTION: &str = "prediction";
/// Texts are cut here: what is counted are categories, not letters.
const LONGEST_TEXT: usize = 200;
/// A share is counted in so many requests.
const MILLION: u32 = 1_000_000;
/// More columns are a mistake.
const MOST_COLUMNS: usize = 1000;

/// What is captured of the requests of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The release that answers.
    pub release: ReleaseId,
    /// Its number.
    pub number: i64,
    /// What its model is known by.
    pub model: String,
    /// Of requests to these paths, as the instance sees them.
    pub path_prefix: PathPrefix,
    /// How many of a million requests.
    pub per_million: u32,
    /// Names and JSON pointers, by name.
    features: Vec<(String, String)>,
    prediction: Option<String>,
    key: Option<Key>,
}

/// By what the truth of a prediction is told later.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// The request's id.
    Id,
    /// What stands there in the request.
    At(String),
}

/// Why nothing can be taken out of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no JSON")]
pub struct NotJson;

impl Capture {
    pub(super) fn parse(
        at: &str,
        release: ReleaseId,
        wire: &v1::Capture,
        found: &mut Violations,
    ) -> Option<Self> {
        let place = wire.environment.split_once('/').unwrap_or((&wire.environment, ""));
        let app = found.take(&format!("{at}.environment"), AppName::parse(place.0));
        let environment = found.take(&format!("{at}.environment"), EnvironmentName::parse(place.1));
        let path_prefix =
            found.take(&format!("{at}.path_prefix"), PathPrefix::parse(&wire.path_prefix));
        if wire.per_million > MILLION {
            found.add(format!("{at}.per_million"), "must be at most 1000000");
        }
        let key = wire.truth_key.as_ref().filter(|_| wire.prediction.is_some());
        let key = key.map(|key| key.pointer.clone().map_or(Key::Id, Key::At));
        let at_key = key.iter().filter_map(|key| match key {
            Key::Id => None,
            Key::At(pointer) => Some(pointer),
        });
        let pointers = wire.features.values().chain(&wire.prediction).chain(at_key);
        if pointers.clone().any(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            found.add(format!("{at}.features"), "must be JSON pointers, as /amount");
        }
        if pointers.count() > MOST_COLUMNS {
            found.add(format!("{at}.features"), "must be at most 1000");
        }
        let mut features: Vec<_> = wire.features.clone().into_iter().collect();
        features.sort();
        Some(Self {
            app: app?,
            environment: environment?,
            release,
            number: wire.release_number,
            model: wire.model.clone(),
            path_prefix: path_prefix?,
            per_million: wire.per_million,
            features,
            prediction: wire.prediction.clone(),
            key,
        })
    }

    /// What the columns are called, in the order of values.
    pub fn columns(&self) -> Vec<String> {
        let names = self.features.iter().map(|(name, _)| name.clone());
        names.chain(self.prediction.iter().map(|_| PREDICTION.to_owned())).collect()
    }

    /// The prediction is captured, and so something of the answer.
    pub fn has_prediction(&self) -> bool {
        self.prediction.is_some()
    }

    /// The prediction in an answer, if it is captured and there.
    pub fn predicted(&self, answer: &Value) -> Option<ScalarV1> {
        scalar(answer, self.prediction.as_ref()?)
    }

    /// What is declared of a request with this id: a value for each column, the prediction last, and the key.
    pub fn taken(&self, request: &[u8], answer: &[u8], id: &str) -> Result<Declared, NotJson> {
        let request: Value = serde_json::from_slice(request).map_err(|_| NotJson)?;
        let features = self.features.iter().map(|(_, pointer)| scalar(&request, pointer));
        let mut values: Vec<_> = features.collect();
        if self.has_prediction() {
            let answer: Value = serde_json::from_slice(answer).map_err(|_| NotJson)?;
            values.push(self.predicted(&answer));
        }
        let key = match &self.key {
            Some(Key::Id) => Some(id.to_owned()),
            Some(Key::At(pointer)) => scalar(&request, pointer).map(text),
            None => None,
        };
        Ok(Declared { values, key })
    }
}

/// What is declared of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// A value for each column.
    pub values: Vec<Option<ScalarV1>>,
    /// By what the truth of its prediction is told.
    pub key: Option<String>,
}

fn text(scalar: ScalarV1) -> String {
    match scalar {
        ScalarV1::Flag(flag) => flag.to_string(),
        ScalarV1::Number(number) => number.to_string(),
        ScalarV1::Text(text) => text,
    }
}

/// What stands there; a list or an object counts as nothing.
fn scalar(json: &Value, pointer: &str) -> Option<ScalarV1> {
    match json.pointer(pointer)? {
        Value::Bool(flag) => Some(ScalarV1::Flag(*flag)),
        Value::Number(number) => number.as_f64().map(ScalarV1::Number),
        Value::String(text) => Some(ScalarV1::Text(text.chars().take(LONGEST_TEXT).collect())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn capture() -> Capture {
        let wire = v1::Capture {
            environment: "shop/production".to_owned(),
            path_prefix: "/predict".to_owned(),
            per_million: 100_000,
            features: [
                ("country", "/user/country"),
                ("amount", "/amount"),
                ("foreign", "/foreign"),
            ]
            .map(|(name, pointer)| (name.to_owned(), pointer.to_owned()))
            .into(),
            prediction: Some("/score".to_owned()),
            ..v1::Capture::default()
        };
        let mut found = Violations::default();
        let release = ReleaseId::new(uuid::Uuid::nil());
        Capture::parse("capture", release, &wire, &mut found).expect("valid")
    }

    #[test]
    fn only_what_is_declared_is_taken() {
        let capture = capture();
        let request = br#"{"amount": 12.5, "name": "Ada", "user": {"country": "DE", "mail": "a@b"}, "foreign": [1]}"#;
        let answer = br#"{"score": 0.5, "why": "secret"}"#;
        let Declared { values, key } = capture.taken(request, answer, "7").expect("JSON");
        assert_eq!(key, None);
        assert_eq!(capture.columns(), ["amount", "country", "foreign", "prediction"]);
        let text = ScalarV1::Text("DE".to_owned());
        let number = |number| Some(ScalarV1::Number(number));
        assert_eq!(values, [number(12.5), Some(text), None, number(0.5)]);
    }

    #[test]
    fn the_key_is_the_id_or_what_stands_in_the_request() {
        let key = |key| {
            let capture = Capture { key: Some(key), ..capture() };
            capture.taken(br#"{"payment": 12}"#, b"{}", "id-7").expect("JSON").key
        };
        assert_eq!(key(Key::Id).as_deref(), Some("id-7"));
        assert_eq!(key(Key::At("/payment".to_owned())).as_deref(), Some("12"));
        assert_eq!(key(Key::At("/nothing".to_owned())), None);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wire = v1::Capture {
            environment: "shop".to_owned(),
            path_prefix: "predict".to_owned(),
            per_million: 2_000_000,
            prediction: Some("score".to_owned()),
            ..v1::Capture::default()
        };
        let mut found = Violations::default();
        let parsed = Capture::parse("c", ReleaseId::new(uuid::Uuid::nil()), &wire, &mut found);
        assert!(parsed.is_none());
        assert_eq!(found.count(), 4);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_panic(request: Vec<u8>, answer: Vec<u8>) {
            let capture = capture();
            if let Ok(taken) = capture.taken(&request, &answer, "") {
                prop_assert_eq!(taken.values.len(), capture.columns().len());
            }
        }
    }
}
