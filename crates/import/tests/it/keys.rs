//! Nothing is dropped silently: every key of every sample is in the manifest or in the report.

use crate::support::{SAMPLES, imported, leaves, places, sample, within};
use import::{Imported, Outcome};
use std::collections::BTreeSet;

/// The keys of `source` of which nobody knows what became.
fn lost(source: &str, imported: &Imported) -> Vec<String> {
    let root = manifest::yaml::parse(source).expect("is YAML");
    let report = &imported.report;
    let told = report.entries.iter().filter(|entry| entry.outcome != Outcome::Added);
    let told = told.map(|entry| &entry.path).chain(report.carried.iter().map(|it| &it.path));
    let told: Vec<_> = told.collect();
    let mut lost = leaves(&root, "");
    lost.retain(|leaf| !told.iter().any(|path| within(path, leaf)));
    lost
}

#[test]
fn every_key_is_carried_over_or_told() {
    for (name, source) in SAMPLES {
        assert_eq!(lost(source, &imported(source)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_is_said_to_be_carried_over_stands_in_the_manifest() {
    for (name, source) in SAMPLES {
        let imported = imported(source);
        let root = manifest::yaml::parse(&imported.manifest).expect("is YAML");
        let places: BTreeSet<String> = places(&root).into_iter().collect();
        for carried in &imported.report.carried {
            assert!(places.contains(&carried.to), "{name}: {carried:?}");
        }
        assert!(!imported.report.carried.is_empty(), "{name}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_told() {
    for (name, source) in SAMPLES {
        let known = imported(source).report.entries.len();
        let more = imported(&format!("{source}\nsurprise: {{ a: 1, b: [2] }}\n"));
        let told = more.report.entries.iter().find(|entry| entry.path == "surprise");
        assert!(told.is_some_and(|entry| entry.outcome == Outcome::Left), "{name}");
        assert_eq!(more.report.entries.len(), known + 1, "{name}");
    }
}

#[test]
fn no_secret_is_written_down() {
    for (name, value) in [
        ("compose-hard", "hunter2"),
        ("kamal-hard", "swordfish"),
        ("app-platform-hard", "EV[1:"),
        ("compose-nasty", "npm_4711secret"),
        ("kamal-nasty", "gem_4711secret"),
    ] {
        assert!(sample(name).contains(value), "{name}");
        let imported = imported(sample(name));
        assert!(!imported.manifest.contains(value), "{name}");
        assert!(!format!("{:?}", imported.report).contains(value), "{name}");
    }
}
