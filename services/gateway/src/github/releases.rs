//! Releases with files, found again by their tag.

use super::client::{Call, escaped};
use super::{Client, GitHubError, Slug};
use bytes::Bytes;
use events::CommitSha;
use http::{HeaderValue, Method, StatusCode};
use outgoing::Target;
use serde::Deserialize;
use serde_json::{Value, json};

/// A release as it is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Release<'a> {
    pub tag: &'a str,
    pub commit: &'a CommitSha,
    pub title: &'a str,
    pub text: &'a str,
}

/// A release that is there.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Made {
    /// Where people read it.
    pub html_url: String,
    /// Where its files go, with a template behind.
    upload_url: String,
    #[serde(default)]
    assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Debug, Clone, Deserialize)]
struct Asset {
    id: i64,
    name: String,
    state: String,
}

impl Client {
    /// The release with this tag, made if there is none.
    pub(crate) async fn ensure_release(
        &self,
        slug: &Slug,
        wanted: Release<'_>,
    ) -> Result<Made, GitHubError> {
        let found = self.of(slug, Call::get(format!("/releases/tags/{}", escaped(wanted.tag))));
        match found.await {
            Err(GitHubError::Refused { status: StatusCode::NOT_FOUND, .. }) => {}
            found => return found,
        }
        let body = json!({
            "tag_name": wanted.tag,
            "target_commitish": wanted.commit.as_str(),
            "name": wanted.title,
            "body": wanted.text,
            // A model is no version of the app.
            "make_latest": "false",
        });
        self.of(slug, Call::post("/releases", body)).await
    }

    /// Gives the release a file, unless it has it. One that broke off is sent anew.
    pub(crate) async fn ensure_asset(
        &self,
        slug: &Slug,
        release: &Made,
        (name, content): (&str, Bytes),
    ) -> Result<(), GitHubError> {
        if let Some(asset) = release.assets.iter().find(|asset| asset.name == name) {
            if asset.state == "uploaded" {
                return Ok(());
            }
            let broken = Call::delete(format!("/releases/assets/{}", asset.id));
            self.of::<Value>(slug, broken).await?;
        }
        let place = release.upload_url.split('{').next().unwrap_or_default();
        let target = Target::parse(place).ok().filter(|target| self.settings.takes_files(target));
        let target = target.ok_or(GitHubError::Elsewhere)?;
        let target = target.below(&format!("?name={}", escaped(name)))?;
        let kind = HeaderValue::from_static("application/octet-stream");
        let token = self.token(slug).await?;
        let sent = self.send(&token, (&Method::POST, &target), Some((kind, content)));
        sent.await.map(|_: Value| ())
    }
}
