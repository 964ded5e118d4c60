//! The source as text: files by folder, and the little reading the rules share.

use std::collections::BTreeSet;
use std::path::Path;

/// A file of the repository.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The text up to the tests at its end.
    pub(crate) fn code(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }

    /// The file holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the root")
}

/// The text of the file at `path`, from the root.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| format!("{path}: {error}"))
}

/// Every Rust file of the workspace.
pub(crate) fn rust() -> Vec<File> {
    files(&["bench", "cli", "crates", "proto", "services", "tests"], "rs")
}

/// Every Rust file of programs and libraries, without tests and what only tests use.
pub(crate) fn production() -> Vec<File> {
    let mut files = files(&["cli/src", "crates", "services"], "rs");
    files.retain(|file| !file.is_test() && !file.path.starts_with("crates/testkit/"));
    files
}

/// Every file below these folders whose name ends with the extension.
pub(crate) fn files(folders: &[&str], extension: &str) -> Vec<File> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), extension, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.is_dir() && !hidden && !path.ends_with("target") {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|ending| ending == extension) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let path = path.strip_prefix(root()).expect("it is below the root");
            found.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

/// The names of our services.
pub(crate) fn services() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("services")).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<_> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What stands between double quotes on one line, for texts without escapes.
pub(crate) fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
}

/// What stands between backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// A word of capitals, digits and underscores, as names of settings and reasons are.
pub(crate) fn is_capitals(word: &str) -> bool {
    word.len() > 2
        && !word.ends_with('_')
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// What is only in one of two sets, said for people; nothing when they are equal.
pub(crate) fn difference(left: &BTreeSet<String>, right: &BTreeSet<String>) -> String {
    let left_only = left.difference(right).map(|name| format!("only left: {name}"));
    let right_only = right.difference(left).map(|name| format!("only right: {name}"));
    left_only.chain(right_only).collect::<Vec<_>>().join("\n")
}
