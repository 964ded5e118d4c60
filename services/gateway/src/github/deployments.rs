//! Deployments and what becomes of them.

use super::client::{Call, escaped};
use super::{Client, GitHubError, Slug};
use events::{AppName, CommitSha, EnvironmentName, ReleaseId};
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters that a description may have.
const DESCRIPTION: usize = 140;
/// What a deployment is called that moves an environment to a commit.
const TASK: &str = "deploy";

/// A deployment that is wanted: one release.
#[derive(Debug)]
pub(crate) struct Deployment<'a> {
    pub app: &'a AppName,
    pub environment: &'a EnvironmentName,
    pub commit: &'a CommitSha,
    pub release: ReleaseId,
    pub number: i64,
}

/// What is said of a deployment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeploymentStatus<'a> {
    /// As GitHub calls it.
    pub state: &'static str,
    pub description: &'a str,
    pub environment: &'a EnvironmentName,
    /// Where the release is looked at.
    pub link: Option<&'a str>,
    /// Where the app answers.
    pub url: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct Found {
    id: i64,
    #[serde(default)]
    payload: Value,
}

impl Deployment<'_> {
    /// Whose environment it is, in GitHub's words: what users get, and what will not last.
    fn kind(&self) -> (bool, bool) {
        let name = self.environment.as_str();
        let is_transient = ["preview", "review", "pr-"].iter().any(|start| name.starts_with(start));
        (is_transient, matches!(name, "production" | "prod" | "live"))
    }

    fn body(&self) -> Value {
        let (is_transient, is_production) = self.kind();
        json!({
            "ref": self.commit.as_str(),
            "task": TASK,
            // The commit is released as it is, and Slipway decides what it waits for.
            "auto_merge": false,
            "required_contexts": [],
            "payload": { "slipway": {
                "app": self.app, "release": self.release, "number": self.number,
            } },
            "environment": self.environment,
            "description": cut(&format!("{} release {}", self.app, self.number)),
            "transient_environment": is_transient,
            "production_environment": is_production,
        })
    }

    fn is(&self, found: &Found) -> bool {
        // A payload that was given as text comes back as text.
        let parsed = found.payload.as_str().and_then(|text| serde_json::from_str(text).ok());
        let payload: &Value = parsed.as_ref().unwrap_or(&found.payload);
        let release = payload.pointer("/slipway/release").and_then(Value::as_str);
        release.is_some_and(|text| text == self.release.to_string())
    }
}

impl Client {
    /// Makes the deployment, unless GitHub has it already; its id.
    pub(crate) async fn ensure_deployment(
        &self,
        slug: &Slug,
        wanted: &Deployment<'_>,
    ) -> Result<i64, GitHubError> {
        let environment = escaped(wanted.environment.as_str());
        let commit = wanted.commit;
        let path = format!("/deployments?sha={commit}&environment={environment}&task={TASK}");
        let found = self.all(slug, &path, |page: Vec<Found>| page).await?;
        if let Some(found) = found.iter().find(|found| wanted.is(found)) {
            return Ok(found.id);
        }
        let made: Found = self.of(slug, Call::post("/deployments", wanted.body())).await?;
        Ok(made.id)
    }

    /// Says what became of a deployment.
    pub(crate) async fn say_deployment(
        &self,
        slug: &Slug,
        deployment: i64,
        status: DeploymentStatus<'_>,
    ) -> Result<(), GitHubError> {
        let mut body = json!({
            "state": status.state,
            "description": cut(status.description),
            "environment": status.environment,
            // What was there before is told by its own release.
            "auto_inactive": false,
        });
        for (key, link) in [("log_url", status.link), ("environment_url", status.url)] {
            if let Some(link) = link {
                body[key] = link.into();
            }
        }
        let call = Call::post(format!("/deployments/{deployment}/statuses"), body);
        self.of::<Value>(slug, call).await.map(drop)
    }
}

/// `text` as short as GitHub wants it.
pub(super) fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(DESCRIPTION - 1).chain(['…']).collect()
}
