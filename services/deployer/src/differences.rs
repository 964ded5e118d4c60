//! What differs between two contents, for people who look for the cause of a failure. Pure.

use crate::content::Content;
use events::ServiceName;
use events::payload::ImageV1;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Something that has another value; nothing where it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference<Name, Is> {
    pub(crate) name: Name,
    pub(crate) before: Option<Is>,
    pub(crate) after: Option<Is>,
}

/// Services with other images.
pub(crate) fn images(before: &Content, after: &Content) -> Vec<Difference<ServiceName, ImageV1>> {
    differences(&before.images, &after.images)
}

/// Settings of the manifest, each by its path, and versions of secrets.
pub(crate) fn settings(before: &Content, after: &Content) -> Vec<Difference<String, String>> {
    differences(&leaves_of(before), &leaves_of(after))
}

fn differences<Name: Ord + Clone, Is: PartialEq + Clone>(
    before: &BTreeMap<Name, Is>,
    after: &BTreeMap<Name, Is>,
) -> Vec<Difference<Name, Is>> {
    let names: BTreeSet<&Name> = before.keys().chain(after.keys()).collect();
    let compared = names.into_iter().map(|name| Difference {
        name: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
    });
    compared.filter(|it| it.before != it.after).collect()
}

fn leaves_of(content: &Content) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    let resolved = serde_json::to_value(&content.resolved);
    gather(&mut leaves, "", &resolved.expect("names, numbers and texts are always JSON"));
    let secrets = content.secrets.iter();
    leaves.extend(secrets.map(|(name, version)| (format!("secrets.{name}"), version.to_string())));
    leaves
}

fn gather(leaves: &mut BTreeMap<String, String>, path: &str, value: &Value) {
    let below = |key: &str| {
        if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, field) in fields {
                gather(leaves, &below(key), field);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (place, item) in items.iter().enumerate() {
                gather(leaves, &format!("{path}[{place}]"), item);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            leaves.insert(path.to_owned(), text.clone());
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::Array(_) => {
            leaves.insert(path.to_owned(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings_of(value: &Value) -> BTreeMap<String, String> {
        let mut leaves = BTreeMap::new();
        gather(&mut leaves, "", value);
        leaves
    }

    #[test]
    fn settings_are_told_by_their_path() {
        let before = serde_json::json!({"bake": "5m", "services": {"api": {"replicas": 2, "env": {}, "command": ["a"]}}});
        let after = serde_json::json!({"bake": "5m", "services": {"api": {"replicas": 3, "env": {"A": "b"}, "command": ["a", "c"], "user": null}}});
        let told = differences(&settings_of(&before), &settings_of(&after)).into_iter().map(|it| {
            let is = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
            format!("{}: {} -> {}", it.name, is(it.before), is(it.after))
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
        services.api.command[1]: none -> c
        services.api.env: {} -> none
        services.api.env.A: none -> b
        services.api.replicas: 2 -> 3
        ");
    }
}
