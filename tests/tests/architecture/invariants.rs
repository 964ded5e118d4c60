//! Every invariant stands in ARCHITECTURE.md with the tests that guard it, and those tests exist.

use crate::tree::{quoted, read, rust};

/// The numbered invariants: their whole text, and the names of their guards.
fn invariants() -> Vec<(String, Vec<String>)> {
    let text = read("ARCHITECTURE.md");
    let section = text.split("## Invariants").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for line in section.lines() {
        let is_first =
            line.split_once(". **").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        match found.last_mut() {
            _ if is_first => found.push(line.to_owned()),
            Some(last) => *last = format!("{last} {line}"),
            None => {}
        }
    }
    let guards = |text: &str| -> Vec<String> {
        let after = text.split("Guards:").nth(1).unwrap_or_default();
        quoted(after).map(str::to_owned).collect()
    };
    found.into_iter().map(|text| (text.clone(), guards(&text))).collect()
}

#[test]
fn there_are_thirteen_with_a_guard_each() {
    let invariants = invariants();
    let numbers: Vec<&str> =
        invariants.iter().filter_map(|(text, _)| text.split_once('.')).map(|(n, _)| n).collect();
    let wanted: Vec<String> = (1..=13).map(|number| number.to_string()).collect();
    assert_eq!(numbers, wanted);
    for (text, guards) in &invariants {
        assert!(!guards.is_empty(), "nothing guards: {text}");
    }
}

#[test]
fn every_guard_exists() {
    let source = rust();
    let exists = |name: &str| {
        let start = format!("fn {name}(");
        source.iter().any(|file| file.text.contains(&start))
    };
    let invariants = invariants();
    let guards = invariants.iter().flat_map(|(_, guards)| guards);
    let missing: Vec<&String> = guards.filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names tests that are not there: {missing:#?}");
}
