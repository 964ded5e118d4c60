//! Documents say what is there: commands exist, links lead somewhere, deployment files are well-formed.

use crate::tree::{files, quoted, read, root};
use saphyr_parser::Parser;
use std::collections::BTreeSet;

/// The most lines ARCHITECTURE.md may have and still be read.
const MOST_LINES: usize = 200;

fn make_targets() -> BTreeSet<String> {
    let makefile = read("Makefile");
    let rules = makefile.lines().filter_map(|line| line.split_once(':'));
    let names = rules.filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase()));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn make_has_what_documents_tell_people_to_type() {
    let targets = make_targets();
    for document in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/runbook.md"] {
        let text = read(document);
        let blocks = text.lines().filter(|line| line.starts_with("make "));
        for command in quoted(&text).filter(|it| it.starts_with("make ")).chain(blocks) {
            let target = command.split_whitespace().nth(1).unwrap_or_default();
            assert!(targets.contains(target), "{document}: no target for `{command}`");
        }
    }
}

#[test]
fn the_overview_stays_short() {
    let lines = read("ARCHITECTURE.md").lines().count();
    assert!((50..=MOST_LINES).contains(&lines), "{lines} lines");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents = files(&["docs"], "md");
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        documents.push(crate::tree::File { path: name.to_owned(), text: read(name) });
    }
    for document in &documents {
        let folder = root().join(&document.path);
        let folder = folder.parent().expect("a file is in a folder");
        let links = document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap_or_default();
            assert!(folder.join(path).exists(), "{} links to {link}", document.path);
        }
    }
}

#[test]
fn every_decision_has_the_same_shape() {
    let records = files(&["docs/adr"], "md");
    assert!(records.len() >= 12);
    for record in records {
        for heading in ["# ", "\n## Context\n", "\n## Decision\n", "\n## Consequences\n"] {
            assert!(record.text.contains(heading), "{} has no {heading:?}", record.path);
        }
        assert!(record.text.lines().count() <= 60, "{} is longer than a page", record.path);
    }
}

#[test]
fn deployment_files_are_well_formed() {
    let mut yaml = files(&["deploy", "examples", "proto"], "yaml");
    yaml.extend(files(&["deploy"], "yml"));
    assert!(yaml.len() >= 3);
    for file in yaml {
        for event in Parser::new_from_str(&file.text) {
            assert!(event.is_ok(), "{}: {:?}", file.path, event.err());
        }
    }
}

#[test]
fn the_example_manifest_of_the_readme_is_valid() {
    let readme = read("README.md");
    let block = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let parsed = manifest::parse(block.expect("README.md shows a slipway.yaml"));
    assert!(parsed.is_ok(), "{}", parsed.err().map_or_else(String::new, |error| error.to_string()));
}
