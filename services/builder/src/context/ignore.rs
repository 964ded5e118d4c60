//! Which files of a context a build does not see: `.dockerignore`, with the semantics of Docker.
//!
//! The last pattern that says something about a file or one of its parent directories wins; `!` takes
//! files back in; `*`, `?` and `[...]` stay within one directory, `**` crosses them.

use crate::context::glob::{Glob, InvalidGlob};

/// A line of `.dockerignore` that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the ignore file is not a pattern: {pattern:?}")]
pub struct InvalidIgnore {
    line: usize,
    pattern: String,
    source: InvalidGlob,
}

/// The patterns of one `.dockerignore`.
#[derive(Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    takes_back: bool,
    glob: Glob,
}

impl Ignore {
    /// The patterns in `text`, one a line.
    pub fn parse(text: &str) -> Result<Self, InvalidIgnore> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut patterns = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let parsed = pattern(line).map_err(|source| InvalidIgnore {
                line: index + 1,
                pattern: line.chars().take(80).collect(),
                source,
            })?;
            patterns.extend(parsed);
        }
        Ok(Self { patterns })
    }

    /// Nothing at all is ignored.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The build does not see the file at `path`, relative to the context.
    pub fn ignores(&self, path: &str) -> bool {
        let mut ignored = false;
        for pattern in &self.patterns {
            let could_change_it = pattern.takes_back == ignored;
            if could_change_it && with_parents(path).any(|part| pattern.glob.matches(part)) {
                ignored = !pattern.takes_back;
            }
        }
        ignored
    }
}

fn pattern(line: &str) -> Result<Option<Pattern>, InvalidGlob> {
    if line.starts_with('#') {
        return Ok(None);
    }
    let line = line.trim();
    let (takes_back, text) = match line.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, line),
    };
    let path = cleaned(text);
    let means_nothing = line.is_empty() || (path.is_empty() && !text.is_empty());
    if means_nothing {
        return Ok(None);
    }
    Ok(Some(Pattern { takes_back, glob: Glob::parse(&path)? }))
}

/// The shortest path that means the same, without a leading `/`.
fn cleaned(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// `a`, `a/b`, `a/b/c` of `a/b/c`.
fn with_parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(patterns: &str, ignored: &[&str], seen: &[&str]) {
        let ignore = Ignore::parse(patterns).expect("valid patterns");
        for path in ignored {
            assert!(ignore.ignores(path), "{path} must be ignored by {patterns:?}");
        }
        for path in seen {
            assert!(!ignore.ignores(path), "{path} must be seen with {patterns:?}");
        }
    }

    #[test]
    fn a_name_means_that_path_and_all_below_it() {
        check("node_modules", &["node_modules", "node_modules/a/b"], &["src/node_modules", "node"]);
        check("/target/", &["target/debug/x"], &["src/target"]);
        check("./a//b/../c", &["a/c", "a/c/d"], &["a/b", "c"]);
    }

    #[test]
    fn stars_stay_in_a_directory_and_double_stars_do_not() {
        check("*.md", &["README.md"], &["docs/README.md"]);
        check("*/*.md", &["docs/README.md"], &["README.md", "a/b/c.md"]);
        check("**/*.md", &["README.md", "docs/a/b.md"], &["README.txt"]);
        check("docs/**", &["docs/a", "docs/a/b"], &["docs", "docsy/a"]);
        check("a/**/z", &["a/z", "a/b/z", "a/b/c/z", "a/z/q"], &["z", "b/a/z"]);
        check("**/cache", &["cache", "x/cache/y"], &["xcache/y"]);
        check("data?.csv", &["data1.csv"], &["data.csv", "data12.csv", "data/.csv"]);
        check("file[0-9a]", &["file1", "filea"], &["fileb", "file10"]);
        check("file[^0-9]", &["filea"], &["file1"]);
    }

    #[test]
    fn the_last_word_wins() {
        check("*\n!src\n!Dockerfile", &["a", "b/c"], &["src/main.rs", "Dockerfile"]);
        check("*.md\n!README*.md\nREADME-secret.md", &["a.md", "README-secret.md"], &["README.md"]);
        check("!a\na", &["a"], &[]);
        check("models\n!models/small.bin", &["models/large.bin"], &["models/small.bin"]);
    }

    #[test]
    fn comments_blank_lines_and_marks_say_nothing() {
        check("\u{feff}# node_modules\n\n  \n.git\r\n", &[".git/config"], &["# node_modules", "a"]);
        check(" # not a comment", &["# not a comment"], &[]);
        check("a\\*b", &["a*b"], &["axb"]);
        check("/\n.\n./", &[], &["a", "b/c"]);
    }

    #[test]
    fn a_broken_pattern_is_named_with_its_line() {
        let error = Ignore::parse("ok\n[a-").expect_err("not closed");
        assert_eq!(error.to_string(), "line 2 of the ignore file is not a pattern: \"[a-\"");
        assert!(Ignore::parse("!").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in "(?s).{0,200}", path in "[a-z./*]{0,40}") {
            if let Ok(ignore) = Ignore::parse(&text) {
                let _seen: bool = ignore.ignores(&path);
            }
        }

        #[test]
        fn a_plain_path_ignores_itself_and_nothing_beside_it(path in "[a-z]{1,8}(/[a-z]{1,8}){0,3}") {
            let ignore = Ignore::parse(&path).expect("valid");
            prop_assert!(ignore.ignores(&path));
            let (below, beside) = (format!("{path}/x"), format!("{path}x"));
            prop_assert!(ignore.ignores(&below));
            prop_assert!(!ignore.ignores(&beside));
        }

        #[test]
        fn what_is_taken_back_last_is_seen(text in "[a-z*/\n]{0,60}", path in "[a-z]{1,5}(/[a-z]{1,5})?") {
            let ignore = Ignore::parse(&format!("{text}\n!{path}")).expect("no brackets");
            prop_assert!(!ignore.ignores(&path));
        }
    }
}
