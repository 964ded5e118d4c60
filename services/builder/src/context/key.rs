//! The identity of what goes into an image. Two builds with one key make the same image, so the second
//! reuses the digest of the first.

use crate::git::tree::Entry;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Written first, so that a new way to build makes new keys.
const VERSION: &str = "1";

/// Everything that decides what an image holds.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    /// The files the build sees, sorted by path, relative to the context.
    pub files: &'a [Entry],
    /// The text of the Dockerfile.
    pub dockerfile: &'a str,
    /// The stage that is built; the last when absent.
    pub target: Option<&'a str>,
    /// Build arguments.
    pub args: &'a BTreeMap<String, String>,
    /// Names of build secrets; their values do not count.
    pub secrets: &'a BTreeSet<String>,
    /// Digest of each base image by its reference.
    pub bases: &'a BTreeMap<String, String>,
    /// Operating system and processor, as `linux/amd64`.
    pub platform: &'a str,
}

/// A key: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentKey(String);

impl ContentKey {
    /// The key of `content`.
    pub fn of(content: &Content<'_>) -> Self {
        let mut hash = Fields(Sha256::new());
        hash.text(VERSION);
        hash.text(content.platform);
        hash.text(content.dockerfile);
        hash.count(usize::from(content.target.is_some()));
        hash.text(content.target.unwrap_or_default());
        hash.pairs(content.args);
        hash.count(content.secrets.len());
        content.secrets.iter().for_each(|name| hash.text(name));
        hash.pairs(content.bases);
        hash.count(content.files.len());
        for file in content.files {
            hash.text(&file.path);
            hash.text(&file.mode);
            hash.text(&file.id);
        }
        Self(hex::encode(hash.0.finalize()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hashes fields so that no two sequences of fields look alike.
struct Fields(Sha256);

impl Fields {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn pairs(&mut self, pairs: &BTreeMap<String, String>) {
        self.count(pairs.len());
        for (name, value) in pairs {
            self.text(name);
            self.text(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::btree_map, prelude::*};

    #[derive(Debug, Clone, PartialEq)]
    struct Given {
        files: BTreeMap<String, String>,
        dockerfile: String,
        target: Option<String>,
        args: BTreeMap<String, String>,
        secrets: BTreeSet<String>,
        bases: BTreeMap<String, String>,
    }

    impl Given {
        fn key(&self) -> ContentKey {
            let file = |(path, id): (&String, &String)| Entry {
                mode: "100644".to_owned(),
                id: id.clone(),
                path: path.clone(),
            };
            ContentKey::of(&Content {
                files: &self.files.iter().map(file).collect::<Vec<_>>(),
                dockerfile: &self.dockerfile,
                target: self.target.as_deref(),
                args: &self.args,
                secrets: &self.secrets,
                bases: &self.bases,
                platform: "linux/amd64",
            })
        }
    }

    fn pairs() -> impl Strategy<Value = BTreeMap<String, String>> {
        btree_map("[ab]{0,2}", "[ab]{0,2}", 0..3)
    }

    prop_compose! {
        fn given()(
            files in pairs(), dockerfile in "[ab]{0,2}", target in proptest::option::of("[ab]{0,1}"),
            args in pairs(), secrets in proptest::collection::btree_set("[ab]{0,2}", 0..3), bases in pairs(),
        ) -> Given {
            Given { files, dockerfile, target, args, secrets, bases }
        }
    }

    proptest! {
        #[test]
        fn keys_are_equal_exactly_when_contents_are(one in given(), other in given()) {
            prop_assert_eq!(one.key() == other.key(), one == other);
            prop_assert_eq!(one.key(), one.clone().key());
        }

        #[test]
        fn each_part_counts(one in given()) {
            let changes: [fn(&mut Given); 6] = [
                |given| given.dockerfile.push('x'),
                |given| given.target = Some("x".to_owned()),
                |given| drop(given.args.insert("x".to_owned(), String::new())),
                |given| given.secrets.extend(["x".to_owned()]),
                |given| drop(given.bases.insert("x".to_owned(), String::new())),
                |given| drop(given.files.insert("x".to_owned(), String::new())),
            ];
            for change in changes {
                let mut other = one.clone();
                change(&mut other);
                prop_assert_ne!(other.key(), one.key());
            }
        }
    }
}
