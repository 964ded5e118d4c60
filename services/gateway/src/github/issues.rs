//! Issues, found again by a mark in their text that people do not see.

use super::client::{Call, escaped};
use super::{Client, GitHubError, Slug};
use serde::Deserialize;
use serde_json::{Value, json};

/// An issue as it is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Issue<'a> {
    /// What it is about: one of each is open.
    pub mark: &'a str,
    /// Under which label it is looked for.
    pub label: &'a str,
    pub title: &'a str,
    pub text: &'a str,
}

/// An open issue that was found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Open {
    pub number: i64,
    /// Where people read it.
    #[serde(default)]
    pub html_url: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    pull_request: Option<Value>,
}

impl Issue<'_> {
    fn body(&self) -> Value {
        json!({
            "title": self.title,
            "body": format!("{}\n\n{}", self.text, hidden(self.mark)),
        })
    }
}

fn hidden(mark: &str) -> String {
    format!("<!-- slipway: {mark} -->")
}

impl Client {
    /// The open issue with this mark.
    pub(crate) async fn find_issue(
        &self,
        slug: &Slug,
        (label, mark): (&str, &str),
    ) -> Result<Option<Open>, GitHubError> {
        let path = format!("/issues?state=open&labels={}", escaped(label));
        let open = self.all(slug, &path, |page: Vec<Open>| page).await?;
        let mark = hidden(mark);
        let is_it = |issue: &Open| {
            let has_mark = issue.body.as_ref().is_some_and(|body| body.contains(&mark));
            has_mark && issue.pull_request.is_none()
        };
        Ok(open.into_iter().find(is_it))
    }

    /// Makes the open issue with its mark what this is; nothing when none is open.
    pub(crate) async fn change_issue(
        &self,
        slug: &Slug,
        issue: Issue<'_>,
    ) -> Result<Option<Open>, GitHubError> {
        let Some(open) = self.find_issue(slug, (issue.label, issue.mark)).await? else {
            return Ok(None);
        };
        let call = Call::patch(format!("/issues/{}", open.number), issue.body());
        self.of(slug, call).await.map(Some)
    }

    /// Makes the issue, or the open one with its mark what this is.
    pub(crate) async fn ensure_issue(
        &self,
        slug: &Slug,
        issue: Issue<'_>,
    ) -> Result<Open, GitHubError> {
        if let Some(open) = self.change_issue(slug, issue).await? {
            return Ok(open);
        }
        // What people label it with later stays.
        let mut body = issue.body();
        body["labels"] = json!([issue.label]);
        self.of(slug, Call::post("/issues", body)).await
    }

    /// Closes an issue, because what it is about is over.
    pub(crate) async fn close_issue(&self, slug: &Slug, number: i64) -> Result<(), GitHubError> {
        let body = json!({ "state": "closed", "state_reason": "completed" });
        self.of::<Value>(slug, Call::patch(format!("/issues/{number}"), body)).await.map(drop)
    }
}
