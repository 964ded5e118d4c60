//! Any text is imported as a valid manifest, or refused; nothing panics, nothing is lost.

use crate::support::{SAMPLES, leaves, within};
use import::{Kind, Options, Outcome, import};
use proptest::prelude::*;

const KINDS: [Kind; 3] = [Kind::AppPlatform, Kind::Compose, Kind::Kamal];

/// What stands where something else should.
const WORDS: [&str; 16] = [
    "",
    "x",
    "-1",
    "~",
    "[]",
    "{}",
    "[a, b]",
    "{ a: b }",
    "999999999999",
    "${X:-y}",
    "<%= x %>",
    "\"a b\"",
    "a:b:c",
    "1h",
    "curl -f http://localhost:1/",
    "ä_Ö-",
];

/// A sample in which some lines are changed, moved or gone.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..4_u8, prop::sample::select(&WORDS[..]));
    (0..SAMPLES.len(), prop::collection::vec(edit, 1..8)).prop_map(|(n, edits)| {
        let mut lines: Vec<String> = SAMPLES[n].1.lines().map(str::to_owned).collect();
        for (at, how, word) in edits {
            let at = at.index(lines.len());
            let line = lines[at].clone();
            match how {
                0 => lines[at] = String::new(),
                1 => lines.insert(at, line),
                2 => lines[at] = format!("  {line}"),
                _ => {
                    let key = line.split_once(':').map_or(line.as_str(), |(key, _)| key);
                    lines[at] = format!("{key}: {word}");
                }
            }
        }
        lines.join("\n")
    })
}

fn holds(source: &str, kind: Option<Kind>) -> Result<(), TestCaseError> {
    let folder = Some("folder".to_owned());
    let Ok(imported) = import(source, &Options { kind, app: None, folder }) else { return Ok(()) };
    let parsed = manifest::parse(&imported.manifest);
    prop_assert!(parsed.is_ok(), "{}\n{:?}", imported.manifest, parsed.err());
    let report = &imported.report;
    let told = report.entries.iter().filter(|entry| entry.outcome != Outcome::Added);
    let told: Vec<_> =
        told.map(|entry| &entry.path).chain(report.carried.iter().map(|it| &it.path)).collect();
    let root = manifest::yaml::parse(source).expect("was read before");
    for leaf in leaves(&root, "") {
        let known = leaf.is_empty() || told.iter().any(|path| within(path, &leaf));
        // Of a key of more than 128 letters only the beginning is told.
        prop_assert!(known || leaf.len() > 128, "{leaf} of\n{source}\nis not in {told:#?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_changed_sample_is_imported_or_refused(source in mutated()) {
        holds(&source, None)?;
    }

    #[test]
    fn a_sample_is_no_danger_to_another_reader(source in mutated(), kind in prop::sample::select(&KINDS[..])) {
        holds(&source, Some(kind))?;
    }

    #[test]
    fn garbage_is_imported_or_refused(source in "([a-z_]{1,8}: ?[-\\[\\]{}a-z0-9:.$\"]{0,12}\n(  [a-z]{1,8}: [a-z0-9]{0,4}\n)?){0,8}", kind in prop::sample::select(&KINDS[..])) {
        holds(&source, Some(kind))?;
    }
}
