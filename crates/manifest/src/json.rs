//! JSON written as YAML.

use crate::docs::Docs;
use crate::problem::quoted;
use crate::read::{Read, Reading};
use crate::yaml::{Node, Value as Yaml};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// Any JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub Value);

impl Read for Json {
    fn read(node: &Node, _: &mut Reading) -> Self {
        Self(value(node))
    }

    fn stand_in() -> Self {
        Self(Value::Null)
    }

    fn describe(_: &mut Docs) -> String {
        "any value".to_owned()
    }
}

fn value(node: &Node) -> Value {
    match &node.value {
        Yaml::Scalar { text, plain: true } => plain(text),
        Yaml::Scalar { text, plain: false } => Value::String(text.clone()),
        Yaml::List(items) => items.iter().map(value).collect(),
        Yaml::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|a, b| a.0.text.cmp(&b.0.text));
            let pairs = entries.into_iter().map(|(k, v)| (k.text.clone(), value(v)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

/// What a plain scalar means in YAML's core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    text.parse().ok()
}

impl Read for Number {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        let Yaml::Scalar { text, plain: true } = &node.value else {
            return reading.expected(node, "a number");
        };
        number(text).unwrap_or_else(|| {
            reading.problem(node.at, format!("expected a number, found {}", quoted(text)), None);
            Self::stand_in()
        })
    }

    fn stand_in() -> Self {
        Self::from(0)
    }

    fn describe(_: &mut Docs) -> String {
        "number".to_owned()
    }
}
