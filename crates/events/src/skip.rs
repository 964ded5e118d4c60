//! Words in a commit message that keep a branch push from being deployed.
//!
//! `[skip ci]` and its kin are not among them: a retrained model is committed with them and must go live.

use crate::GitRef;

const WORDS: [&str; 2] = ["[skip deploy]", "[skip cd]"];

/// The word in `message` that asks to skip the deploy of this push; a tag is always meant.
#[must_use]
pub fn word(git_ref: &GitRef, message: &str) -> Option<&'static str> {
    let GitRef::Branch(_) = git_ref else { return None };
    let message = message.to_ascii_lowercase();
    WORDS.into_iter().find(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deploy_is_skipped_only_by_its_own_words() {
        let main = GitRef::branch("main").expect("valid");
        let tag = GitRef::tag("v1").expect("valid");
        assert_eq!(word(&main, "docs: fix\n\n[Skip Deploy]"), Some("[skip deploy]"));
        assert_eq!(word(&main, "[skip cd] typo"), Some("[skip cd]"));
        for kept in ["[skip ci] model", "[ci skip]", "[no ci]", "skip deploy", ""] {
            assert_eq!(word(&main, kept), None, "{kept:?} must be deployed");
        }
        assert_eq!(word(&tag, "[skip deploy]"), None);
    }
}
