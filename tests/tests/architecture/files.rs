//! What every source file is like.

use crate::tree::{File, files, production, rust};

/// A file longer than this has two subjects.
const MOST_LINES: usize = 400;

fn offenders(files: &[File], offends: impl Fn(&File) -> bool) -> Vec<&str> {
    files.iter().filter(|file| offends(file)).map(|file| file.path.as_str()).collect()
}

#[test]
fn no_file_is_long() {
    let long = offenders(&rust(), |file| file.text.lines().count() > MOST_LINES).join("\n");
    assert_eq!(long, "", "split by subject, not by size");
}

#[test]
fn every_file_says_what_lives_in_it() {
    // Files of nothing but tests are named for their subject.
    let silent_code = |file: &File| !file.is_test() && !file.text.trim_start().starts_with("//!");
    let files = rust();
    let silent = offenders(&files, silent_code);
    assert!(files.len() > 300 && silent.is_empty(), "no module doc in {silent:#?}");
}

#[test]
fn nothing_is_left_open() {
    // Written in two parts, so that this file is not among the offenders.
    let marks = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("#[ign", "ore")];
    let files = rust();
    let open = offenders(&files, |file| marks.iter().any(|mark| file.text.contains(mark)));
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn no_shell_is_started() {
    let shells = ["sh", "bash", "dash", "/bin/sh", "/bin/bash"];
    let starts = |file: &File| {
        shells.iter().any(|shell| file.code().contains(&format!("Command::new(\"{shell}\")")))
    };
    let files = production();
    let found = offenders(&files, starts);
    assert!(found.is_empty(), "use argv: {found:#?}");
}

#[test]
fn nothing_calls_the_engine_to_prune() {
    let files = production();
    let found = offenders(&files, |file| file.code().contains("prune_"));
    assert!(found.is_empty(), "delete by exact id: {found:#?}");
}

#[test]
fn mains_are_thin() {
    let mut mains = files(&["services"], "rs");
    mains.retain(|file| file.path.ends_with("/src/main.rs"));
    let thick = offenders(&mains, |file| file.text.lines().count() > 30);
    assert!(mains.len() == 5 && thick.is_empty(), "{thick:?}");
}
