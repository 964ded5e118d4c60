//! Words in a commit message that keep a branch push from being deployed, and those that keep CI from running.
//!
//! `[skip ci]` and its kin keep nothing from being deployed: a retrained model is committed with them and must go live.
//! They only say that there is no CI to wait for.

use crate::GitRef;

const WORDS: [&str; 2] = ["[skip deploy]", "[skip cd]"];
/// As GitHub understands them.
const CI_WORDS: [&str; 5] =
    ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];
/// The trailer that GitHub understands too, without the blank that may follow the colon.
const CI_TRAILER: &str = "skip-checks:true";

/// The word in `message` that asks to skip the deploy of this push; a tag is always meant.
#[must_use]
pub fn word(git_ref: &GitRef, message: &str) -> Option<&'static str> {
    let GitRef::Branch(_) = git_ref else { return None };
    let message = message.to_ascii_lowercase();
    WORDS.into_iter().find(|word| message.contains(word))
}

/// The word in `message` that says that the commit has no CI.
#[must_use]
pub fn ci_word(message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    let is_trailer = |line: &str| line.replace(' ', "") == CI_TRAILER;
    let trailer = message.lines().any(is_trailer).then_some(CI_TRAILER);
    CI_WORDS.into_iter().find(|word| message.contains(word)).or(trailer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_skipped_by_the_words_of_the_forge() {
        assert_eq!(ci_word("chore: update trained model [skip ci]"), Some("[skip ci]"));
        assert_eq!(ci_word("model\n\n[CI Skip]"), Some("[ci skip]"));
        assert_eq!(ci_word("model\n\n\nskip-checks: true"), Some("skip-checks:true"));
        assert_eq!(ci_word("skip ci, please; see skip-checks: true in the docs"), None);
        assert_eq!(ci_word("[skip deploy]"), None);
    }

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
