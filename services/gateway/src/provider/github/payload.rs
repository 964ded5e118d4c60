//! What GitHub's payloads mean. Only what is used is read; every field may be missing or of another
//! type, because payloads differ by version of the server and by how the event came to be.

use crate::title::plain;
use crate::understood::{Deletion, Push, Understood};
use events::{CommitSha, GitRef};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// A field that counts only when it has the type that is wanted.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Maybe<T> {
    Is(T),
    Other(IgnoredAny),
}

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl<T> Maybe<T> {
    fn get(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawPush {
    #[serde(rename = "ref")]
    git_ref: Maybe<String>,
    before: Maybe<String>,
    after: Maybe<String>,
    deleted: Maybe<bool>,
    forced: Maybe<bool>,
    head_commit: Maybe<Commit>,
    repository: Maybe<Repository>,
    pusher: Maybe<Person>,
    sender: Maybe<Person>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Commit {
    id: Maybe<String>,
    message: Maybe<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    clone_url: Maybe<String>,
    pushed_at: Maybe<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Person {
    name: Maybe<String>,
    login: Maybe<String>,
}

/// Seconds in a push, text elsewhere.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(i64),
    Text(chrono::DateTime<chrono::Utc>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawRef {
    #[serde(rename = "ref")]
    git_ref: Maybe<String>,
    ref_type: Maybe<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawStatus {
    sha: Maybe<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawCheckRun {
    check_run: Maybe<Checked>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawCheckSuite {
    check_suite: Maybe<Checked>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Checked {
    head_sha: Maybe<String>,
}

/// What the event called `event` with this JSON means.
pub(super) fn understand(event: &str, json: &[u8]) -> Understood {
    match event {
        "ping" => Understood::Ping,
        "push" => read(json, push),
        "create" => read(json, |raw| named_ref("created", raw)),
        "delete" => read(json, |raw| named_ref("deleted", raw)),
        "status" => read(json, |raw: RawStatus| of_commit(raw.sha)),
        "check_run" => read(json, |raw: RawCheckRun| checked(raw.check_run)),
        "check_suite" => read(json, |raw: RawCheckSuite| checked(raw.check_suite)),
        other => Understood::ignored(format!("nothing follows from the event {other}")),
    }
}

fn read<T: DeserializeOwned>(json: &[u8], meaning: impl Fn(T) -> Understood) -> Understood {
    match serde_json::from_slice(json) {
        Ok(raw) => meaning(raw),
        Err(error) => Understood::ignored(format!("the body is not a JSON object: {error}")),
    }
}

fn push(raw: RawPush) -> Understood {
    let text = raw.git_ref.get().unwrap_or_default();
    let git_ref = match GitRef::parse(&text) {
        Ok(git_ref) => git_ref,
        Err(error) => return Understood::ignored(error.to_string()),
    };
    let repository = raw.repository.get().unwrap_or_default();
    let pushed_at = repository.pushed_at.get().map(|time| match time {
        Time::Seconds(seconds) => seconds,
        Time::Text(at) => at.timestamp(),
    });
    let repository = repository.clone_url.get();
    let before = commit(raw.before);
    let after = commit(raw.after);
    if raw.deleted.get() == Some(true) {
        return Understood::Deleted(Deletion { git_ref, before, pushed_at, repository });
    }
    let head = raw.head_commit.get().unwrap_or_default();
    // `after` of an annotated tag is the tag object; its commit is the head commit.
    let Some(commit) = commit(head.id).or(after) else {
        return Understood::ignored(format!("the push of {git_ref} names no commit"));
    };
    Understood::Push(Push {
        git_ref,
        before,
        commit,
        forced: raw.forced.get().unwrap_or(false),
        pushed_at,
        message: head.message.get().unwrap_or_default(),
        by: who(raw.pusher, raw.sender),
        repository,
    })
}

fn commit(text: Maybe<String>) -> Option<CommitSha> {
    CommitSha::parse(&text.get()?).ok()
}

fn checked(raw: Maybe<Checked>) -> Understood {
    of_commit(raw.get().unwrap_or_default().head_sha)
}

fn of_commit(text: Maybe<String>) -> Understood {
    commit(text).map_or_else(|| Understood::ignored("it names no commit"), Understood::Ci)
}

fn who(pusher: Maybe<Person>, sender: Maybe<Person>) -> String {
    let sender = sender.get().and_then(|person| person.login.get());
    let pusher = || pusher.get().and_then(|person| person.name.get());
    plain(&sender.or_else(pusher).unwrap_or_else(|| "github".to_owned()))
}

fn named_ref(verb: &str, raw: RawRef) -> Understood {
    let name = plain(&raw.git_ref.get().unwrap_or_default());
    let kind = raw.ref_type.get().unwrap_or_else(|| "ref".to_owned());
    if !matches!(kind.as_str(), "branch" | "tag") {
        return Understood::ignored("only branches and tags are followed");
    }
    Understood::Look {
        reason: format!("{kind} {name} was {verb}; the push of it names the commit"),
    }
}

#[cfg(test)]
mod tests;
