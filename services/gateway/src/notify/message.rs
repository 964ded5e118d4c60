//! What people are told, before it takes the form of a sink. Rows hold it as JSON, so a field is never renamed
//! or retyped, and a new one has a default.

use chrono::{DateTime, Utc};
use events::{AppName, CommitSha, Envelope, EnvironmentName, ReleaseId};
use manifest::Notice;
use serde::{Deserialize, Serialize};

/// Characters that are kept of a sentence.
const LONGEST: usize = 1_000;

/// The name of the fact that is a page to look at the release.
pub(super) const LOOK: &str = "release";

/// The name of the fact that is a page to decide on.
pub(super) const DECIDE: &str = "decide";

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// What the policy calls it.
    pub notice: Notice,
    /// The event, as `release.failed`.
    pub event: String,
    pub at: DateTime<Utc>,
    pub app: AppName,
    /// Where; several for a build, none when it is not known where it would have gone.
    pub environments: Vec<EnvironmentName>,
    /// One line: where and what.
    pub title: String,
    /// Why, in a sentence.
    pub text: String,
    /// A stable code in capitals.
    pub reason: Option<String>,
    /// The number of the release.
    pub number: Option<i64>,
    pub release: Option<ReleaseId>,
    pub commit: Option<CommitSha>,
    /// Branch or tag, who asked.
    pub from: Option<String>,
    pub by: Option<String>,
    /// The last lines of a log, without secrets.
    pub excerpt: Vec<String>,
    /// The page of the commit.
    pub link: Option<String>,
    /// A command that shows more.
    pub command: Option<String>,
    /// What is the same is said once in a while.
    pub fingerprint: String,
    /// Until when people are asked, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Where people look at the release: as it is set when it is sent.
    #[serde(skip)]
    pub look: Option<String>,
    /// In whose name its readers decide, if they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voter: Option<String>,
    /// Where they do: made for one attempt, because who has it may.
    #[serde(skip)]
    pub decide: Option<String>,
}

impl Message {
    /// A message about `envelope` that says nothing yet. What has the same `same` is the same.
    pub(crate) fn new(notice: Notice, envelope: &Envelope, same: &str) -> Self {
        let event = envelope.event_type.to_string();
        Self {
            fingerprint: format!("{event} {same}"),
            event,
            ..Self::nothing(notice, &envelope.app, envelope.at)
        }
    }

    /// A message that somebody asked for, to see whether it arrives.
    pub(crate) fn test(app: &AppName, at: DateTime<Utc>, by: &str) -> Self {
        Self {
            event: "notification.test".to_owned(),
            title: format!("{app}: a test"),
            text: "Notifications of this app arrive here.".to_owned(),
            by: Some(by.to_owned()),
            ..Self::nothing(Notice::Live, app, at)
        }
    }

    fn nothing(notice: Notice, app: &AppName, at: DateTime<Utc>) -> Self {
        Self {
            notice,
            event: String::new(),
            at,
            app: app.clone(),
            environments: Vec::new(),
            title: String::new(),
            text: String::new(),
            reason: None,
            number: None,
            release: None,
            commit: None,
            from: None,
            by: None,
            excerpt: Vec::new(),
            link: None,
            command: None,
            fingerprint: String::new(),
            until: None,
            voter: None,
            look: None,
            decide: None,
        }
    }

    /// The same about one environment.
    #[must_use]
    pub(crate) fn at(self, environment: EnvironmentName) -> Self {
        Self { environments: vec![environment], ..self }
    }

    /// The environment whose secrets count: the only one there is.
    pub(crate) fn environment(&self) -> &str {
        match self.environments.as_slice() {
            [one] => one.as_str(),
            _ => "",
        }
    }

    /// The title, with how often it happened.
    pub(crate) fn headline(&self, times: i32) -> String {
        if times > 1 { format!("{} ({times} times)", self.title) } else { self.title.clone() }
    }

    /// Facts for people: name and value.
    pub(crate) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if let Some(commit) = &self.commit {
            let from = self.from.as_ref().map(|from| format!(" of {from}")).unwrap_or_default();
            facts.push(("commit", format!("{}{from}", commit.short())));
        }
        facts.extend(self.by.clone().map(|by| ("by", by)));
        facts.extend(self.look.clone().map(|page| (LOOK, page)));
        facts.extend(self.decide.clone().map(|page| (DECIDE, page)));
        facts.extend(self.command.clone().map(|command| ("more", command)));
        facts
    }
}

/// One sentence: the message, or the code where there is none; bounded, on one line.
pub(crate) fn sentence(reason: Option<&str>, message: Option<&str>) -> String {
    let text = match (reason, message) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    };
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    service::mask::shorten(plain.trim(), LONGEST).into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use events::{EventId, EventType};

    /// An event of the app `shop`.
    pub(crate) fn envelope(event_type: EventType, data: serde_json::Value) -> Envelope {
        Envelope {
            id: EventId::new(uuid::Uuid::nil()),
            event_type,
            source: "/slipway/test".to_owned(),
            app: AppName::parse("shop").unwrap(),
            at: DateTime::UNIX_EPOCH,
            traceparent: None,
            data,
        }
    }

    /// A failed release, as it is told.
    pub(crate) fn failed() -> Message {
        Message {
            notice: Notice::Failed,
            event: "release.failed".to_owned(),
            at: DateTime::UNIX_EPOCH,
            app: AppName::parse("shop").unwrap(),
            environments: vec![EnvironmentName::parse("production").unwrap()],
            title: "shop/production: release 8 failed".to_owned(),
            text: "MODULE_NOT_FOUND: api cannot import <flask> & exits".to_owned(),
            reason: Some("MODULE_NOT_FOUND".to_owned()),
            number: Some(8),
            release: None,
            commit: Some(CommitSha::parse(&"ab".repeat(20)).unwrap()),
            from: Some("branch main".to_owned()),
            by: Some("ada".to_owned()),
            excerpt: vec!["Traceback:".to_owned(), "  no ```flask``` <here>".to_owned()],
            link: Some("https://github.com/acme/shop/commit/abab".to_owned()),
            command: Some("slipway releases shop production 8".to_owned()),
            fingerprint: "f".to_owned(),
            until: None,
            voter: None,
            look: None,
            decide: None,
        }
    }

    #[test]
    fn a_message_is_read_back_as_it_was_written() {
        let written = serde_json::to_value(failed()).unwrap();
        assert_eq!(serde_json::from_value::<Message>(written).unwrap(), failed());
    }

    #[test]
    fn a_sentence_is_one_line_and_bounded() {
        assert_eq!(sentence(Some("CODE"), Some("one\ntwo\u{1b}[0m")), "CODE: one two [0m");
        assert_eq!(sentence(None, None), "");
        assert!(sentence(Some("CODE"), Some(&"x".repeat(5_000))).len() < 1_100);
    }

    #[test]
    fn what_happened_often_says_how_often() {
        assert_eq!(failed().headline(1), "shop/production: release 8 failed");
        assert_eq!(failed().headline(3), "shop/production: release 8 failed (3 times)");
    }
}
