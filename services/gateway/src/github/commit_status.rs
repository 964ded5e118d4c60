//! Commit statuses: what a token may say of a commit.

use super::client::Call;
use super::deployments::cut;
use super::{Client, GitHubError, Slug};
use events::CommitSha;
use serde_json::{Value, json};

/// What is said of a commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommitStatus<'a> {
    /// Who says it; the last word of each counts.
    pub context: &'a str,
    /// As GitHub calls it.
    pub state: &'static str,
    pub description: &'a str,
    pub link: Option<&'a str>,
}

impl Client {
    /// Says something of a commit.
    pub(crate) async fn say_commit(
        &self,
        slug: &Slug,
        commit: &CommitSha,
        status: CommitStatus<'_>,
    ) -> Result<(), GitHubError> {
        let mut body = json!({
            "state": status.state,
            "context": status.context,
            "description": cut(status.description),
        });
        if let Some(link) = status.link {
            body["target_url"] = link.into();
        }
        let call = Call::post(format!("/statuses/{commit}"), body);
        self.of::<Value>(slug, call).await.map(drop)
    }
}
