//! Paths: in the repository, in a container, of a request, in a JSON document.

use super::glob;
use crate::grammar::text;

text!(
    /// A path in the repository: relative, and never outside it.
    RelativePath, "a path in the repository",
    |path| {
        if !is_plain(path) || path.is_empty() || path.len() > 512 {
            Err("use 1 to 512 visible characters")
        } else if path.starts_with('/') || path.contains('\\') {
            Err("make it relative to the repository, with `/` between its parts")
        } else if path.split('/').any(|part| part == "..") {
            Err("it must not leave the repository, so no `..`")
        } else {
            Ok(())
        }
    },
    "."
);

text!(
    /// A path in a container.
    AbsolutePath, "a path in the container",
    |path| {
        if !is_plain(path) || path.len() > 512 || path.contains(':') {
            Err("use at most 512 visible characters, without `:`")
        } else if !path.starts_with('/') || path.trim_matches('/').is_empty() {
            Err("start it with `/` and name a directory below it")
        } else if path.split('/').any(|part| part == "..") {
            Err("write it without `..`")
        } else {
            Ok(())
        }
    },
    "/x"
);

text!(
    /// The path of a request, with its query if there is one.
    RequestPath, "a request path",
    |path| {
        if is_request_path(path) { Ok(()) } else { Err("start it with `/`, without spaces") }
    },
    "/"
);

text!(
    /// The start of the paths a service answers: `/` or `/api`, by whole parts.
    PathPrefix, "a path prefix",
    |path| {
        let good = is_request_path(path)
            && !path.contains(['?', '#'])
            && (path == "/" || !path.ends_with('/'))
            && !path.contains("//");
        if good { Ok(()) } else { Err("start it with `/` and do not end with it, like /api") }
    },
    "/"
);

text!(
    /// A place in a JSON document (RFC 6901): `/score`, or nothing for all of it.
    JsonPointer, "a JSON pointer",
    |pointer| {
        let escapes_end = |part: &str| part.is_empty() || part.starts_with(['0', '1']);
        let good = (pointer.is_empty() || pointer.starts_with('/'))
            && pointer.len() <= 512
            && pointer.split('~').skip(1).all(|part| !part.is_empty() && escapes_end(part));
        if good { Ok(()) } else { Err("start it with `/`, like /score; write `~` as ~0") }
    },
    "/x"
);

impl RelativePath {
    /// Without parts that mean nothing.
    pub fn cleaned(&self) -> String {
        let parts = self.0.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.collect::<Vec<_>>().join("/")
    }

    /// As a pattern: whether it means `path`.
    pub fn matches(&self, path: &str) -> bool {
        glob::matches(&self.cleaned(), path)
    }

    /// What is left of it below `directory` (empty for the repository); nothing when it does not begin there.
    pub fn below(&self, directory: &str) -> Option<Self> {
        let cleaned = self.cleaned();
        let rest = if directory.is_empty() {
            cleaned.as_str()
        } else {
            cleaned.strip_prefix(directory)?.strip_prefix('/')?
        };
        Some(Self(rest.to_owned()))
    }

    /// As a pattern: the file or directory that all it means is, or lies below. Empty for all of the repository.
    pub fn folder(&self) -> String {
        let cleaned = self.cleaned();
        match cleaned.find(['*', '?']) {
            None => cleaned,
            Some(first) => cleaned[..first].rsplit_once('/').unwrap_or_default().0.to_owned(),
        }
    }
}

fn is_plain(path: &str) -> bool {
    !path.chars().any(char::is_control)
}

fn is_request_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= 2048 && path.bytes().all(|b| b.is_ascii_graphic())
}

impl PathPrefix {
    /// The prefix of every path.
    pub fn root() -> Self {
        Self("/".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_path_cannot_leave() {
        for good in [".", "api/Dockerfile", "models/*.joblib", "a..b/c"] {
            assert!(RelativePath::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["", "/etc", "../x", "a/../../x", "a/..", "a\\..\\b", "a\0b"] {
            assert!(RelativePath::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn a_container_path_is_absolute_and_no_mount_option() {
        assert!(AbsolutePath::parse("/home/appuser/.cache/pip").is_ok());
        for bad in ["", "/", "data", "/a/../b", "/data:rw", "/a\nb"] {
            assert!(AbsolutePath::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_prefix_that_is_taken_is_a_path_of_whole_parts(text in "[/a-z?# .~%]{0,12}|\\PC{0,12}") {
            let Ok(prefix) = PathPrefix::parse(&text) else { return Ok(()) };
            proptest::prop_assert_eq!(prefix.as_str(), &text);
            proptest::prop_assert!(text.starts_with('/') && (text == "/" || !text.ends_with('/')));
            proptest::prop_assert!(!text.contains(['?', '#', ' ']) && !text.contains("//"), "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_whole_parts() {
        assert!(PathPrefix::parse("/").is_ok() && PathPrefix::parse("/api/v1").is_ok());
        for bad in ["", "api", "/api/", "//", "/a b", "/a?b"] {
            assert!(PathPrefix::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn pointers_follow_their_standard() {
        assert!(["", "/", "/a/0", "/a~1b"].iter().all(|p| JsonPointer::parse(p).is_ok()));
        assert!(["a", "/a~", "/a~2"].iter().all(|p| JsonPointer::parse(p).is_err()));
    }
}
