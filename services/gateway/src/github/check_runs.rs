//! Check runs: what a GitHub App says of a commit, with its times.

use super::client::{Call, escaped};
use super::{Client, GitHubError, Slug};
use chrono::{DateTime, SecondsFormat, Utc};
use events::CommitSha;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// A check run as it is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckRun<'a> {
    pub name: &'a str,
    /// What it tells of: a build or a release.
    pub subject: Uuid,
    /// As GitHub calls it.
    pub status: &'static str,
    /// How it ended, once it has.
    pub conclusion: Option<&'static str>,
    pub title: &'a str,
    pub summary: &'a str,
    pub link: Option<&'a str>,
    pub began_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
struct Runs {
    check_runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    id: i64,
    external_id: Option<String>,
}

impl CheckRun<'_> {
    fn body(&self) -> Value {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut body = json!({
            "name": self.name,
            "external_id": self.subject,
            "status": self.status,
            "started_at": time(self.began_at),
            "output": { "title": self.title, "summary": self.summary },
        });
        if let Some(conclusion) = self.conclusion {
            body["conclusion"] = conclusion.into();
            body["completed_at"] = time(self.ended_at).into();
        }
        if let Some(link) = self.link {
            body["details_url"] = link.into();
        }
        body
    }
}

impl Client {
    /// Makes the check run of `commit` as it is to be; `known` is its id, where that is known. Its id.
    pub(crate) async fn say_check_run(
        &self,
        slug: &Slug,
        (commit, known): (&CommitSha, Option<i64>),
        run: CheckRun<'_>,
    ) -> Result<i64, GitHubError> {
        let known = match known {
            Some(known) => Some(known),
            None => self.find_check_run(slug, commit, run).await?,
        };
        let mut body = run.body();
        let call = if let Some(id) = known {
            Call::patch(format!("/check-runs/{id}"), body)
        } else {
            body["head_sha"] = commit.as_str().into();
            Call::post("/check-runs", body)
        };
        let run: Run = self.of(slug, call).await?;
        Ok(run.id)
    }

    async fn find_check_run(
        &self,
        slug: &Slug,
        commit: &CommitSha,
        run: CheckRun<'_>,
    ) -> Result<Option<i64>, GitHubError> {
        let name = escaped(run.name);
        let path = format!("/commits/{commit}/check-runs?check_name={name}&filter=all");
        let runs = self.all(slug, &path, |page: Runs| page.check_runs).await?;
        let subject = run.subject.to_string();
        let found = runs.iter().find(|run| run.external_id.as_ref() == Some(&subject));
        Ok(found.map(|run| run.id))
    }
}
