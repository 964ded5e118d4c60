//! What git calls things: commits and refs.

use crate::names::shortened;
use serde::{Deserialize, Serialize};

/// Why a text is not a commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("commit {0:?} is not valid: use the full 40 lower-case hexadecimal digits")]
pub struct InvalidCommitSha(String);

/// Why a text is not a branch or tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ref {0:?} is not valid: use refs/heads/BRANCH or refs/tags/TAG")]
pub struct InvalidGitRef(String);

/// A full commit id; the all-zero id that forges send for "nothing" does not parse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitSha(String);

impl CommitSha {
    /// The commit in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidCommitSha> {
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 40 && text.bytes().all(is_hex) && text.bytes().any(|b| b != b'0') {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCommitSha(shortened(text)))
        }
    }

    /// The commit as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl std::fmt::Display for CommitSha {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for CommitSha {
    type Err = InvalidCommitSha;

    fn from_str(text: &str) -> Result<Self, InvalidCommitSha> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CommitSha {
    type Error = InvalidCommitSha;

    fn try_from(text: String) -> Result<Self, InvalidCommitSha> {
        Self::parse(&text)
    }
}

impl From<CommitSha> for String {
    fn from(commit: CommitSha) -> String {
        commit.0
    }
}

/// A branch or a tag, by its full name on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GitRef {
    /// `refs/heads/NAME`
    Branch(String),
    /// `refs/tags/NAME`
    Tag(String),
}

impl GitRef {
    /// The ref in `text`, by git's own rules for names (`git check-ref-format`).
    pub fn parse(text: &str) -> Result<Self, InvalidGitRef> {
        let invalid = || InvalidGitRef(shortened(text));
        let (make, name): (fn(String) -> Self, &str) = match text.strip_prefix("refs/heads/") {
            Some(name) => (Self::Branch, name),
            None => (Self::Tag, text.strip_prefix("refs/tags/").ok_or_else(invalid)?),
        };
        if is_ref_name(name) { Ok(make(name.to_owned())) } else { Err(invalid()) }
    }

    /// The branch called `name`.
    pub fn branch(name: &str) -> Result<Self, InvalidGitRef> {
        Self::parse(&format!("refs/heads/{name}"))
    }

    /// The tag called `name`.
    pub fn tag(name: &str) -> Result<Self, InvalidGitRef> {
        Self::parse(&format!("refs/tags/{name}"))
    }

    /// The name without `refs/heads/` or `refs/tags/`.
    pub fn name(&self) -> &str {
        match self {
            Self::Branch(name) | Self::Tag(name) => name,
        }
    }
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "git forbids these five bytes at the end of a part, and no others"
)]
fn is_ref_name(name: &str) -> bool {
    let forbidden = |c: char| {
        c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
    };
    let good_part =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    (1..=244).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(forbidden)
        && name.split('/').all(good_part)
}

impl std::fmt::Display for GitRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Branch(name) => write!(f, "refs/heads/{name}"),
            Self::Tag(name) => write!(f, "refs/tags/{name}"),
        }
    }
}

impl std::str::FromStr for GitRef {
    type Err = InvalidGitRef;

    fn from_str(text: &str) -> Result<Self, InvalidGitRef> {
        Self::parse(text)
    }
}

impl TryFrom<String> for GitRef {
    type Error = InvalidGitRef;

    fn try_from(text: String) -> Result<Self, InvalidGitRef> {
        Self::parse(&text)
    }
}

impl From<GitRef> for String {
    fn from(git_ref: GitRef) -> String {
        git_ref.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refs_are_branches_or_tags() {
        assert_eq!(GitRef::parse("refs/heads/feature/x"), GitRef::branch("feature/x"));
        assert_eq!(GitRef::parse("refs/tags/v1.0"), GitRef::tag("v1.0"));
        for bad in [
            "main",
            "refs/heads/",
            "refs/heads/-x",
            "refs/heads/a..b",
            "refs/heads/a b",
            "refs/notes/x",
        ] {
            assert!(GitRef::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn the_zero_commit_is_not_a_commit() {
        assert!(CommitSha::parse(&"0".repeat(40)).is_err());
        assert_eq!(CommitSha::parse(&"ab".repeat(20)).expect("valid").short(), "abababababab");
    }

    proptest! {
        #[test]
        fn a_ref_survives_the_wire(text in "refs/(heads|tags)/[a-z0-9/._-]{1,30}") {
            if let Ok(git_ref) = GitRef::parse(&text) {
                prop_assert_eq!(git_ref.to_string(), text);
            }
        }
    }
}
