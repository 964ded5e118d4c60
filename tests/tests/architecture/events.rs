//! The table of events in ARCHITECTURE.md is what the services are wired to.

use crate::tree::{difference, quoted, read, services};
use events::EventType;
use std::collections::{BTreeMap, BTreeSet};

/// Event and who reacts to it, as the document says.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = read("ARCHITECTURE.md");
    let section = text.split("## Events").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let event = quoted(cells[0]).next().unwrap_or_default().to_owned();
        let reacts = cells.get(2).copied().unwrap_or_default();
        (event, quoted(reacts).map(str::to_owned).collect())
    })
    .collect()
}

/// The events named in the wiring of `service`: every name of an event there is in its table.
fn wired(service: &str) -> BTreeSet<String> {
    let text = read(&format!("services/{service}/src/app.rs"));
    let parts = text.split("EventType::").skip(1);
    let names =
        parts.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default());
    let find = |name: &str| EventType::ALL.iter().find(|it| format!("{it:?}") == name);
    names.filter_map(find).map(ToString::to_string).collect()
}

#[test]
fn every_event_is_in_the_table() {
    let documented: BTreeSet<String> = documented().into_keys().collect();
    let said: BTreeSet<String> = EventType::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(difference(&documented, &said), "", "left is ARCHITECTURE.md, right is the code");
}

#[test]
fn the_table_names_who_reacts() {
    let documented = documented();
    for service in services().into_iter().filter(|service| service != "router") {
        let reacts = |(event, who): (&String, &BTreeSet<String>)| {
            who.contains(&service).then(|| event.clone())
        };
        let documented: BTreeSet<String> = documented.iter().filter_map(reacts).collect();
        let wired = wired(&service);
        assert_eq!(difference(&documented, &wired), "", "{service}: left is ARCHITECTURE.md");
    }
}

#[test]
fn the_deployer_exports_what_it_reacts_to() {
    let exported: BTreeSet<String> = deployer::REACTS_TO.iter().map(ToString::to_string).collect();
    assert_eq!(difference(&exported, &wired("deployer")), "");
}
