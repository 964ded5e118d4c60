//! What a job commits, and what must hold of what it measured before it does.

use crate::grammar::mapping;
use crate::value::{AbsolutePath, JsonPointer, RelativePath, Text};
use serde_json::Number;
use std::collections::BTreeMap;

mapping! {
    /// What a job commits to the branch of its environment once it has ended well.
    pub struct Commit {
        /// The files, as patterns below the repository: `*` is anything but `/`, `**` anything. What the image calls
        /// its working directory stands for the directory that it was built from.
        paths: Vec<RelativePath>;
        /// The message; `[skip ci]` is added, which keeps CI quiet and is deployed all the same.
        message: Text = "\"chore: update generated files\"", "says what it is";
        /// What the job measured, which must be good enough. Without it every result is committed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metrics: Option<Metrics>;
    }
}

mapping! {
    /// What a job measured, and what must hold of it.
    pub struct Metrics {
        /// The JSON file in the container that the job writes.
        file: AbsolutePath;
        /// What must hold of the numbers in it.
        values: BTreeMap<JsonPointer, Bound>;
    }
}

mapping! {
    /// What must hold of one number.
    pub struct Bound short "min" {
        /// The least it may be; then more is better.
        min: Option<Number>;
        /// The most it may be; then less is better.
        max: Option<Number>;
        /// By how much it may be worse than what was measured of the model that is live.
        not_worse_than_live: Option<Number>;
    }
}

impl Commit {
    /// Whether `path`, below the repository, is one of its files.
    pub fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| pattern.matches(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(paths: &[&str]) -> Commit {
        let paths = paths.iter().map(|path| RelativePath::parse(path).expect("a path")).collect();
        let message = Text::parse("model").expect("a text");
        Commit { paths, message, metrics: None }
    }

    #[test]
    fn only_what_is_declared_is_committed() {
        let commit = commit(&["models/*.joblib", "data/**", "./notes.json"]);
        for path in ["models/a.joblib", "data/a/b.csv", "notes.json"] {
            assert!(commit.covers(path), "{path}");
        }
        for path in ["models/a.txt", "models/old/a.joblib", "data", "slipway.yaml", "x/notes.json"]
        {
            assert!(!commit.covers(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_tells_the_folder_it_looks_in() {
        let folder = |path: &str| RelativePath::parse(path).expect("a path").folder();
        for (path, wanted) in [
            ("models/*.joblib", "models"),
            ("models/best.joblib", "models/best.joblib"),
            ("a/b*/c", "a"),
            ("./a//b/**", "a/b"),
            ("*.json", ""),
        ] {
            assert_eq!(folder(path), wanted, "{path}");
        }
    }
}
