//! How an image is built.

use super::left::BUILD;
use crate::form::Build;
use crate::ledger::Ledger;
use crate::name::variable;
use crate::place::Place;
use crate::tree::Word;

/// The build at `place`: a directory, or a mapping.
pub(super) fn read(place: &Place<'_>, ledger: &mut Ledger) -> Build {
    let context = place.get("context").or_else(|| place.text().map(|_| place.clone()));
    let mut build =
        Build { context: context.and_then(|it| directory(&it, ledger)), ..Build::default() };
    ledger.leave(place, BUILD);
    build.dockerfile = place
        .get("dockerfile")
        .and_then(|file| file.text().map(|text| Word::from(relative(text), &file)));
    build.target = place.get("target").and_then(|target| Word::of(&target));
    for (name, value) in pairs(place.get("args").as_ref()) {
        match value {
            Some(value) => build.argue(name, value, ledger),
            None => build.secrets.push(name),
        }
    }
    for secret in place.get("secrets").map_or_else(Vec::new, |place| place.one_or_many()) {
        let source = secret.get("source").unwrap_or(secret);
        build.secrets.extend(source.text().map(|name| Word::from(variable(name), &source)));
    }
    build
}

fn directory(place: &Place<'_>, ledger: &mut Ledger) -> Option<Word> {
    let text = place.text()?;
    if text.contains("://") || text.starts_with("git@") {
        let why = "an image is built from the repository of the app";
        ledger.left(place, why, "make an app of that repository, or use its image");
        return None;
    }
    Some(Word::from(relative(text), place))
}

fn relative(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

/// Names and values, written as a mapping or as a list of `NAME=VALUE`.
pub(super) fn pairs(place: Option<&Place<'_>>) -> Vec<(Word, Option<Word>)> {
    let Some(place) = place else { return Vec::new() };
    let mut pairs = Vec::new();
    for (name, value) in place.all_entries() {
        let word = Word::of(&value);
        let from = if word.is_some() { Vec::new() } else { vec![value.mark()] };
        pairs.push((Word { text: name.to_owned(), from }, word));
    }
    for item in place.items() {
        match item.text().map(|text| text.split_once('=').ok_or(text)) {
            Some(Ok((name, value))) => {
                pairs.push((Word::new(name), Some(Word::from(value, &item))));
            }
            Some(Err(name)) => pairs.push((Word::from(name, &item), None)),
            None => {}
        }
    }
    pairs
}
