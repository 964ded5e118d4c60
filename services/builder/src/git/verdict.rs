//! What git means when it says no.

/// The kinds of refusals that make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The remote does not have the commit.
    NoCommit,
    /// The remote does not have the branch.
    NoRef,
    /// The remote does not let us in.
    Refused,
    /// The network or the remote has a bad moment.
    Network,
    /// Another git works in the mirror, as one that outlives a builder that was killed; or it left a lock.
    Locked,
    /// The mirror is damaged, as by a machine that lost its power.
    Broken,
    /// Something else.
    Other,
}

const NO_COMMIT: &[&str] =
    &["not our ref", "did not send all necessary objects", "unadvertised object"];
const REFUSED: &[&str] = &[
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "Permission denied",
    "Repository not found",
    "returned error: 401",
    "returned error: 403",
    "returned error: 404",
];
const NETWORK: &[&str] = &[
    "Could not resolve host",
    "Could not connect",
    "Failed to connect",
    "Connection refused",
    "Connection timed out",
    "Connection reset",
    "Connection closed",
    "early EOF",
    "unexpected disconnect",
    "returned error: 5",
    "returned error: 429",
    "Network is unreachable",
    "Operation timed out",
];

const LOCKED: &[&str] = &[".lock': File exists", "cannot lock ref"];

const BROKEN: &[&str] = &[
    "is corrupt",
    "bad object",
    "bad tree",
    "not a git repository",
    "unable to read tree",
    "inflate: data stream error",
];

/// A push that somebody else's was faster than.
const MOVED: &[&str] = &[
    "(fetch first)",
    "(non-fast-forward)",
    "(incorrect old value provided)",
    "(failed to update ref)",
    "(stale info)",
    "cannot lock ref",
];

/// Whether a push was refused because the branch is not where it was.
pub fn is_moved(complaint: &str) -> bool {
    MOVED.iter().any(|phrase| complaint.contains(phrase))
}

/// What `complaint` means.
pub fn verdict(complaint: &str) -> Verdict {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| complaint.contains(phrase));
    if says(NO_COMMIT) {
        Verdict::NoCommit
    } else if complaint.contains("couldn't find remote ref") {
        Verdict::NoRef
    } else if says(REFUSED) {
        Verdict::Refused
    } else if says(NETWORK) {
        Verdict::Network
    } else if says(BROKEN) {
        Verdict::Broken
    } else if says(LOCKED) {
        Verdict::Locked
    } else {
        Verdict::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_understood() {
        for (complaint, meaning) in [
            ("fatal: remote error: upload-pack: not our ref 1234", Verdict::NoCommit),
            (
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
                Verdict::Refused,
            ),
            ("git@github.com: Permission denied (publickey).", Verdict::Refused),
            ("fatal: unable to access 'https://x/': Could not resolve host: x", Verdict::Network),
            (
                "error: RPC failed; HTTP 502; The requested URL returned error: 502",
                Verdict::Network,
            ),
            ("fatal: couldn't find remote ref refs/heads/main", Verdict::NoRef),
            ("fatal: Unable to create '/m/x.git/packed-refs.lock': File exists.", Verdict::Locked),
            ("error: cannot lock ref 'refs/slipway/at/1': is at 2 but expected 3", Verdict::Locked),
            ("error: object file .git/objects/1/2 is corrupt", Verdict::Broken),
            ("fatal: couldn't write", Verdict::Other),
        ] {
            assert_eq!(verdict(complaint), meaning, "{complaint}");
        }
    }

    #[test]
    fn a_push_that_came_too_late_is_told_from_one_that_may_not_be() {
        for (complaint, is_late) in [
            (
                " ! [rejected]        1234 -> main (fetch first); error: failed to push some refs",
                true,
            ),
            (" ! [remote rejected] 1234 -> main (cannot lock ref 'refs/heads/main')", true),
            (" ! [remote rejected] 1234 -> main (failed to update ref)", true),
            (" ! [remote rejected] 1234 -> main (pre-receive hook declined)", false),
            ("remote: error: GH006: Protected branch update failed for refs/heads/main.", false),
            ("remote: Permission to a/b.git denied; The requested URL returned error: 403", false),
        ] {
            assert_eq!(is_moved(complaint), is_late, "{complaint}");
        }
    }
}
