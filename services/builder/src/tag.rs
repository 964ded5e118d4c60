//! Which tags an image gets at the registry. Tags are for people; the digest is the identity.

use events::{CommitSha, GitRef};

/// The longest tag a registry accepts.
const LONGEST: usize = 128;

/// `sha-<12>`, then the branch, or the version for tags like `v1.2.3`.
pub fn tags(commit: &CommitSha, git_ref: &GitRef) -> Vec<String> {
    let mut tags = vec![by_commit(commit)];
    let second = match git_ref {
        GitRef::Branch(name) => slug(name),
        GitRef::Tag(name) => version(name).map_or_else(|| slug(name), str::to_owned),
    };
    if !second.is_empty() && !tags.contains(&second) {
        tags.push(second);
    }
    tags
}

/// The tag that names the commit.
pub fn by_commit(commit: &CommitSha) -> String {
    format!("sha-{}", commit.short())
}

/// A ref name as a tag: what a tag may not hold becomes `-`.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars() {
        let kept = c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        match (kept, slug.ends_with('-')) {
            (true, _) => slug.push(c),
            (false, false) => slug.push('-'),
            (false, true) => {}
        }
    }
    let slug = slug.trim_start_matches(['.', '-']).trim_end_matches('-');
    slug.chars().take(LONGEST).collect()
}

/// `1.2.3` of `v1.2.3`, with any pre-release that a tag can hold.
fn version(name: &str) -> Option<&str> {
    let version = name.strip_prefix('v')?;
    let starts_with_digit = version.starts_with(|c: char| c.is_ascii_digit());
    (starts_with_digit && slug(version) == version).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn given(git_ref: &str) -> Vec<String> {
        let commit = CommitSha::parse(&"ab".repeat(20)).expect("valid");
        tags(&commit, &GitRef::parse(git_ref).expect("valid"))
    }

    #[test]
    fn an_image_is_found_by_commit_and_by_branch_or_version() {
        assert_eq!(given("refs/heads/main"), ["sha-abababababab", "main"]);
        assert_eq!(given("refs/heads/feature/Über#1"), ["sha-abababababab", "feature-ber-1"]);
        assert_eq!(given("refs/tags/v1.2.3"), ["sha-abababababab", "1.2.3"]);
        assert_eq!(given("refs/tags/v1.0.0-rc.1"), ["sha-abababababab", "1.0.0-rc.1"]);
        assert_eq!(given("refs/tags/vintage"), ["sha-abababababab", "vintage"]);
        assert_eq!(given("refs/tags/v1+meta"), ["sha-abababababab", "v1-meta"]);
    }

    proptest! {
        #[test]
        fn every_tag_is_one_a_registry_accepts(name in "[!-~äß]{1,200}") {
            let Ok(git_ref) = GitRef::branch(&name) else { return Ok(()) };
            for tag in tags(&CommitSha::parse(&"ab".repeat(20)).expect("valid"), &git_ref) {
                prop_assert!((1..=LONGEST).contains(&tag.len()), "{tag:?}");
                prop_assert!(!tag.starts_with(['.', '-']), "{tag:?}");
                prop_assert!(tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
            }
        }
    }
}
