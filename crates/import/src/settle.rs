//! From the form to a manifest that is valid, and a report that is complete.
//!
//! What the manifest's own reader refuses is taken out and told, until nothing is refused; what nobody
//! spoke for is told last. So neither can be forgotten by a front end.

use crate::error::ImportError;
use crate::form::{App, Service};
use crate::kind::Kind;
use crate::ledger::{Ledger, Spoken};
use crate::place::{Mark, Place};
use crate::report::{Carried, Outcome, Report};
use crate::tree::{Tree, Word};
use crate::{Imported, write};
use manifest::{Invalid, Manifest};
use std::collections::{BTreeMap, BTreeSet};

/// What a manifest cannot be without.
const NEEDED: [&str; 4] = ["", "version", "app", "services"];

/// Writes `app`, and says what of `root` is not in it.
pub(crate) fn settle(
    kind: Kind,
    app: App,
    root: &Place<'_>,
    mut ledger: Ledger,
) -> Result<Imported, ImportError> {
    let homes = homes(&app);
    let mut tree = app.tree();
    let head = format!("Made by `slipway import` from {kind}; its report says what is not here.");
    let (text, manifest) = loop {
        let text = write::yaml(&head, &tree);
        match manifest::parse(&text) {
            Ok(manifest) => break (text, manifest),
            Err(invalid) => take_out(&mut tree, invalid, &homes, &mut ledger)?,
        }
    };
    releasable(&manifest)?;
    let carried = carried(&tree);
    let spoken = Spoken::of(&ledger.entries, carried.iter().map(|it| it.path.as_str()));
    for place in spoken.unspoken(root) {
        let why = "this is not known here";
        ledger.left(&place, why, "if it matters, look for its like in docs/manifest.md");
    }
    let report = report(kind, &manifest, ledger, carried);
    Ok(Imported { manifest: text, report })
}

/// Takes out of `tree` what is `invalid` and can be done without.
fn take_out(
    tree: &mut Tree,
    invalid: Invalid,
    homes: &BTreeMap<String, Mark>,
    ledger: &mut Ledger,
) -> Result<(), ImportError> {
    let mut places = BTreeSet::new();
    tree.places("", &mut places);
    let mut cut: BTreeMap<String, (String, Option<String>)> = BTreeMap::new();
    for problem in &invalid.problems {
        if let Some(place) = nearest(&places, &problem.path) {
            cut.entry(place).or_insert_with(|| (problem.message.clone(), problem.help.clone()));
        }
    }
    if cut.is_empty() {
        return Err(hopeless(invalid, ledger));
    }
    let mut gone = Vec::new();
    tree.cut("", &|path| cut.contains_key(path), &mut gone);
    for (place, (why, help)) in cut {
        let help = help.unwrap_or_else(|| "write it by hand".to_owned());
        let why = format!("{place} does not take it: {why}");
        if let Some(home) = homes.get(&place) {
            ledger.left_at(home, why, help);
            continue;
        }
        for mark in gone.iter().filter(|(at, _)| *at == place).flat_map(|(_, word)| &word.from) {
            ledger.left_at(mark, why.clone(), help.clone());
        }
    }
    Ok(())
}

/// Where the source describes the services, by their places in the manifest.
fn homes(app: &App) -> BTreeMap<String, Mark> {
    let home = |service: &Service| {
        let home = service.home.clone()?;
        Some((format!("services.{}", service.name.text), home))
    };
    app.services.iter().filter_map(home).collect()
}

/// The place of the tree that is at `path` or the last one above it, if it can be done without.
fn nearest(places: &BTreeSet<String>, path: &str) -> Option<String> {
    let above = |place: &&String| {
        path.strip_prefix(place.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let place = places.iter().filter(above).max_by_key(|place| place.len())?;
    let needed = NEEDED.contains(&place.as_str()) || is_environment(place);
    if needed { None } else { Some(place.clone()) }
}

/// `environments` and the one in it.
fn is_environment(place: &str) -> bool {
    place.strip_prefix("environments").is_some_and(|rest| !rest[1.min(rest.len())..].contains('.'))
}

/// Why nothing can be made of it.
fn hopeless(invalid: Invalid, ledger: &Ledger) -> ImportError {
    let about = |path: &str| invalid.problems.iter().find(|problem| problem.path == path);
    if let Some(problem) = about("app") {
        return ImportError::NoName(problem.message.clone());
    }
    if about("").is_some_and(|problem| problem.message.starts_with("`app`")) {
        return ImportError::NoName("there is none in it".to_owned());
    }
    if about("services").is_some() {
        let told = ledger.entries.iter().filter(|entry| entry.outcome == Outcome::Left).take(5);
        let told: Vec<_> = told.map(ToString::to_string).collect();
        let none = "it describes no service".to_owned();
        return ImportError::Nothing(if told.is_empty() { none } else { told.join("\n") });
    }
    ImportError::Unfit(invalid)
}

fn releasable(manifest: &Manifest) -> Result<(), ImportError> {
    for name in manifest.environments.keys() {
        let resolved = manifest::resolve(manifest, manifest, name);
        resolved.map_err(|error| ImportError::Unreleasable(error.to_string()))?;
    }
    Ok(())
}

/// Every place of the source that is in the manifest, and where.
fn carried(tree: &Tree) -> Vec<Carried> {
    let mut carried = Vec::new();
    tree.visit("", &mut |word: &Word, to| {
        for mark in &word.from {
            let (line, path) = (mark.line, mark.path.clone());
            carried.push(Carried { line, path, to: to.to_owned() });
        }
    });
    carried
}

fn report(
    kind: Kind,
    manifest: &Manifest,
    mut ledger: Ledger,
    mut carried: Vec<Carried>,
) -> Report {
    ledger.entries.sort_by(|a, b| {
        (a.line, a.column, &a.path, a.outcome).cmp(&(b.line, b.column, &b.path, b.outcome))
    });
    ledger.entries.dedup();
    let told = ledger.entries.iter().filter(|entry| entry.outcome != Outcome::Added);
    let told: BTreeSet<&str> = told.map(|entry| entry.path.as_str()).collect();
    carried.retain(|it| !told.contains(it.path.as_str()));
    carried.sort_by(|a, b| (a.line, &a.path, &a.to).cmp(&(b.line, &b.path, &b.to)));
    carried.dedup();
    let given = manifest.services.values().flat_map(|service| &service.secrets);
    let built = manifest.services.values().filter_map(|service| service.source.build());
    let given: BTreeSet<String> = given.map(|secret| secret.name.to_string()).collect();
    let built: BTreeSet<String> =
        built.flat_map(|build| &build.secrets).map(ToString::to_string).collect();
    let secrets = given.union(&built).cloned().collect();
    Report { from: kind, app: manifest.app.to_string(), entries: ledger.entries, carried, secrets }
}
