//! Versions in the names of tags, in the order that semantic versioning gives them.

use events::GitRef;
use std::cmp::Ordering;

/// `v1.2.3-rc.1`: one to three numbers, with or without a `v`, and after three of them what marks a pre-release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    numbers: [u64; 3],
    /// False sorts first: a pre-release comes before its release.
    is_final: bool,
    pre: Vec<Part>,
}

/// One part of a pre-release: numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

impl Version {
    /// The version that `text` is, if it is one; what follows a `+` does not count.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split('+').next().unwrap_or_default();
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        let written: Vec<&str> = core.split('.').collect();
        let mut numbers = [0; 3];
        // With fewer numbers it is a date, or a name with a number.
        let fits = if pre.is_some() { written.len() == 3 } else { written.len() <= 3 };
        for (number, part) in numbers.iter_mut().zip(&written) {
            *number = self::number(part).filter(|_| fits)?;
        }
        let pre = pre.map_or_else(|| Some(Vec::new()), parts)?;
        Some(Self { numbers, is_final: pre.is_empty(), pre })
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let part = |part: &str| {
        let is_word = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let word = || (is_word && !part.is_empty()).then(|| Part::Word(part.to_owned()));
        number(part).map(Part::Number).or_else(word)
    };
    text.split('.').map(part).collect()
}

/// What the tag `name` is a version of, as far as it says so, and which.
fn of_tag(name: &str) -> Option<(&str, Version)> {
    let (of, version) = name.rsplit_once('/').unwrap_or(("", name));
    Some((of, Version::parse(version)?))
}

/// Whether the tag `name` is the version of a pre-release.
pub(crate) fn is_pre_release(name: &str) -> bool {
    of_tag(name).is_some_and(|(_, version)| !version.is_final)
}

/// What `git_ref` is a version of, and which, if it is a tag that says so.
fn of_ref(git_ref: &GitRef) -> Option<(&str, Version)> {
    match git_ref {
        GitRef::Tag(name) => of_tag(name),
        GitRef::Branch(_) => None,
    }
}

/// Whether both are tags with versions of the same thing, and `tag` has the earlier one.
pub fn is_older(tag: &GitRef, than: &GitRef) -> bool {
    let both = of_ref(tag).zip(of_ref(than));
    both.is_some_and(|((of, tag), (other, than))| of == other && tag < than)
}

/// The order to follow refs in that are found together: the version that is to stay comes last of its kind. What is no
/// version comes first.
pub fn by_version(one: &GitRef, other: &GitRef) -> Ordering {
    of_ref(one).cmp(&of_ref(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn older(tag: &str, than: &str) -> bool {
        let git_ref = |name| GitRef::tag(name).expect("a tag");
        is_older(&git_ref(tag), &git_ref(than))
    }

    #[test]
    fn versions_have_the_order_of_semantic_versioning() {
        let order = [
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-alpha.beta",
            "v1.0.0-beta",
            "v1.0.0-beta.2",
            "v1.0.0-beta.11",
            "v1.0.0-rc.1",
            "v1.0.0",
            "v1.0.1",
            "v1.2",
            "v1.10.0",
            "2",
        ];
        for (at, tag) in order.iter().enumerate() {
            let newer = order.iter().skip(at + 1).filter(|than| older(tag, than)).count();
            assert_eq!(newer, order.len() - at - 1, "{tag}");
            assert!(order.iter().take(at + 1).all(|than| !older(tag, than)), "{tag}");
        }
    }

    #[test]
    fn what_is_no_version_or_of_another_thing_has_no_order() {
        assert!(
            !older("v1.0.0+a", "v1.0.0+b") && !older("nightly", "v1") && !older("v1", "stable")
        );
        assert!(older("api/v1.0.0", "api/v1.0.1") && !older("api/v1.0.0", "web/v1.0.1"));
        let branch = GitRef::branch("v1").expect("a branch");
        assert!(!is_older(&branch, &GitRef::tag("v2").expect("a tag")));
    }

    #[test]
    fn a_pre_release_says_so() {
        let told = ["v1.0.0-rc.1", "api/1.2.0-b", "v1.0.0", "v1.0.0+b-1", "2026-11-22", "v1.0.0-"];
        assert_eq!(told.map(is_pre_release), [true, true, false, false, false, false]);
    }

    proptest! {
        #[test]
        fn of_two_versions_at_most_one_is_older(one in "v?[0-9]{1,2}(\\.[0-9]){0,2}(-[a-c0-9]{1,2}(\\.[0-9]){0,1})?",
                                                other in "v?[0-9]{1,2}(\\.[0-9]){0,2}(-[a-c0-9]{1,2})?") {
            prop_assert!(!(older(&one, &other) && older(&other, &one)), "{one} {other}");
            prop_assert!(!older(&one, &one));
        }
    }
}
