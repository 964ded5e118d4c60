//! Where in a container the files are that a job commits: what the image calls its working directory stands for the
//! directory that it was built from. Pure.

use manifest::{Commit, RelativePath};
use std::collections::BTreeSet;

/// A file or directory in the container, and the path below the repository that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) in_container: String,
    in_repository: String,
}

/// Everywhere that files of `commit` can be, in an image that was built from `context` and works in `directory`.
pub(crate) fn places(commit: &Commit, context: &str, directory: &str) -> BTreeSet<Place> {
    let inside = commit.paths.iter().filter_map(|pattern| pattern.below(context));
    let place = |pattern: RelativePath| {
        let folder = pattern.folder();
        Place {
            in_container: join(directory.trim_end_matches('/'), &folder),
            in_repository: if context.is_empty() { folder } else { join(context, &folder) },
        }
    };
    inside.map(place).collect()
}

/// `below` in `directory`.
fn join(directory: &str, below: &str) -> String {
    if below.is_empty() { directory.to_owned() } else { format!("{directory}/{below}") }
}

impl Place {
    /// The path below the repository of an entry in the archive of this place; nothing when it is none.
    pub(crate) fn path_of(&self, entry: &str) -> Option<String> {
        let own = self.in_container.rsplit('/').next()?;
        let rest = entry.trim_end_matches('/').strip_prefix(own)?;
        let path = match rest.strip_prefix('/') {
            None if rest.is_empty() => self.in_repository.clone(),
            None => return None,
            Some(below) if self.in_repository.is_empty() => below.to_owned(),
            Some(below) => join(&self.in_repository, below),
        };
        let is_plain = RelativePath::parse(&path).is_ok_and(|parsed| parsed.cleaned() == path);
        is_plain.then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commit(paths: &[&str]) -> Commit {
        let paths = paths.iter().map(|path| RelativePath::parse(path).unwrap()).collect();
        Commit { paths, message: manifest::Text::parse("model").unwrap(), metrics: None }
    }

    fn told(paths: &[&str], context: &str, directory: &str) -> Vec<(String, String)> {
        let places = places(&commit(paths), context, directory).into_iter();
        places.map(|place| (place.in_container, place.in_repository)).collect()
    }

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    #[test]
    fn the_working_directory_stands_for_what_the_image_was_built_from() {
        let models = &["models/*.joblib", "models/old.joblib"];
        let found =
            [pair("/app/models", "models"), pair("/app/models/old.joblib", "models/old.joblib")];
        assert_eq!(told(models, "", "/app"), found);
        assert_eq!(told(&["api/*.json"], "api", "/app/"), [pair("/app", "api")]);
        assert_eq!(told(&["models/**"], "", "/"), [pair("/models", "models")]);
    }

    #[test]
    fn an_entry_of_an_archive_is_a_file_of_the_repository() {
        let place = |paths: &[&str], context: &str| {
            places(&commit(paths), context, "/app").into_iter().next().unwrap()
        };
        let models = place(&["models/*"], "");
        assert_eq!(models.path_of("models/a.joblib").as_deref(), Some("models/a.joblib"));
        assert_eq!(models.path_of("modelsx/a"), None);
        let root = place(&["api/*.json"], "api");
        assert_eq!(root.path_of("app/m.json").as_deref(), Some("api/m.json"));
        let one = place(&["m.json"], "");
        assert_eq!(one.path_of("m.json").as_deref(), Some("m.json"));
    }

    proptest! {
        #[test]
        fn no_entry_leaves_its_place(entry in "(models/)?[./a-b\\\\]{0,12}") {
            let place = places(&commit(&["models/**"]), "", "/app").into_iter().next().unwrap();
            if let Some(path) = place.path_of(&entry) {
                prop_assert!(path == "models" || path.starts_with("models/"), "{path}");
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path}");
            }
        }
    }
}
