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

/// Whether `text` has a test called `name` that runs: not a mere function, and not one that is left out.
fn has_test(text: &str, name: &str) -> bool {
    let start = format!("fn {name}(");
    text.match_indices(&start).any(|(at, _)| {
        let before = text[..at].lines().rev();
        // The rest of the line of `fn` itself: its indentation, perhaps `async`.
        let above = before.skip(usize::from(!text[..at].ends_with('\n'))).map(str::trim);
        let attributes: Vec<&str> = above
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .filter(|line| line.starts_with("#["))
            .collect();
        let is_test =
            |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        attributes.iter().any(is_test)
            && !attributes.iter().any(|line| line.starts_with(concat!("#[ign", "ore")))
    })
}

#[test]
fn only_a_test_that_runs_is_a_guard() {
    assert!(has_test(
        "    /// It is.\n    #[tokio::test(flavor = \"x\")]\n    async fn it() {",
        "it"
    ));
    assert!(has_test("proptest! {\n    #[test]\n    fn it(n in 0..2) {", "it"));
    assert!(!has_test("fn it() {", "it") && !has_test("#[test]\nfn other() {}\nfn it() {", "it"));
    assert!(!has_test(concat!("#[test]\n#[ign", "ore = \"slow\"]\nfn it() {"), "it"));
}

#[test]
fn every_guard_exists() {
    let source = rust();
    let exists = |name: &str| source.iter().any(|file| has_test(&file.text, name));
    let invariants = invariants();
    let guards = invariants.iter().flat_map(|(_, guards)| guards);
    let missing: Vec<&String> = guards.filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names tests that are not there: {missing:#?}");
}
