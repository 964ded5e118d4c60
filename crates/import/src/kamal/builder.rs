//! How the image of all roles is built.

use super::left::BUILD;
use crate::form::Build;
use crate::ledger::Ledger;
use crate::name::variable;
use crate::place::Place;
use crate::tree::Word;

/// The build that `root` describes; Kamal always has one.
pub(super) fn read(root: &Place<'_>, ledger: &mut Ledger) -> Build {
    let Some(place) = root.get("builder") else { return Build::default() };
    ledger.leave(&place, BUILD);
    let path = |key| {
        let place = place.get(key)?;
        let text = place.text()?.trim_start_matches("./").trim_end_matches('/');
        Some(Word::from(if text.is_empty() { "." } else { text }, &place))
    };
    let mut build = Build {
        context: path("context"),
        dockerfile: path("dockerfile"),
        target: place.get("target").and_then(|target| Word::of(&target)),
        ..Build::default()
    };
    let context = build.context.as_ref().map_or(String::new(), |word| format!("{}/", word.text));
    if let Some(file) = &mut build.dockerfile
        && let Some(below) = file.text.strip_prefix(&context)
    {
        file.text = below.to_owned();
    }
    for (name, value) in place.get("args").map_or_else(Vec::new, |args| args.entries()) {
        if let Some(value) = Word::of(&value) {
            build.argue(Word::new(name), value, ledger);
        }
    }
    for secret in place.get("secrets").map_or_else(Vec::new, |secrets| secrets.one_or_many()) {
        build.secrets.extend(secret.text().map(|name| Word::from(variable(name), &secret)));
    }
    build
}
