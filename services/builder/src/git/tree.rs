//! The files of a commit, as `git ls-tree -r -z` lists them.

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As git writes it: `100644`, `100755`, `120000` or `160000`.
    pub mode: String,
    /// The object.
    pub id: String,
    /// Path from the root of the commit, or of the context once taken from [`below`].
    pub path: String,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A file that can be run.
    Program,
    /// A symbolic link; the object holds its target.
    Link,
    /// A commit of another repository, whose files are not here.
    Submodule,
}

/// A list that is not what `git ls-tree -r -z` writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {0} of the file list of the commit is not readable")]
pub struct UnreadableTree(usize);

impl Entry {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.mode.as_str() {
            "100755" => Kind::Program,
            "120000" => Kind::Link,
            "160000" => Kind::Submodule,
            _ => Kind::File,
        }
    }
}

/// The entries in `list`. A path that is not UTF-8 keeps its readable part.
pub fn parse(list: &[u8]) -> Result<Vec<Entry>, UnreadableTree> {
    let entries = list.split(|b| *b == 0).filter(|entry| !entry.is_empty()).enumerate();
    entries.map(|(index, entry)| parse_entry(entry).ok_or(UnreadableTree(index))).collect()
}

fn parse_entry(entry: &[u8]) -> Option<Entry> {
    let entry = String::from_utf8_lossy(entry);
    let (attributes, path) = entry.split_once('\t')?;
    let mut attributes = attributes.split(' ');
    let (mode, _kind, id) = (attributes.next()?, attributes.next()?, attributes.next()?);
    let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    is_plain.then(|| Entry { mode: mode.to_owned(), id: id.to_owned(), path: path.to_owned() })
}

/// The entries under `directory` (empty for the root), with paths from there.
pub fn below(entries: &[Entry], directory: &str) -> Vec<Entry> {
    let inside = |entry: &Entry| {
        let path = if directory.is_empty() {
            entry.path.as_str()
        } else {
            entry.path.strip_prefix(directory)?.strip_prefix('/')?
        };
        Some(Entry { path: path.to_owned(), ..entry.clone() })
    };
    entries.iter().filter_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &[u8] =
        b"100644 blob aa\tapi/Dockerfile\x00100755 blob bb\tapi/run me\x00120000 blob cc\tapix/link\0";

    #[test]
    fn a_context_has_paths_of_its_own() {
        let entries = parse(LIST).expect("readable");
        let paths: Vec<_> = below(&entries, "api").into_iter().map(|entry| entry.path).collect();
        assert_eq!(paths, ["Dockerfile", "run me"]);
        assert_eq!(below(&entries, ""), entries);
        assert_eq!(entries[2].kind(), Kind::Link);
    }

    #[test]
    fn a_path_that_leaves_the_commit_is_refused() {
        assert_eq!(parse(b"100644 blob aa\ta/../b\0"), Err(UnreadableTree(0)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(list in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(entries) = parse(&list) {
                prop_assert!(entries.iter().all(|entry| !entry.path.starts_with('/')));
            }
        }
    }
}
