//! The token that a request carries: the one that was set, or one of the installation of the App in the repository,
//! for that repository alone, kept until shortly before it ends.

use super::client::Call;
use super::{Client, GitHubError, Identity, Slug};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use service::Secret;

/// A token that ends this soon is not used any more; GitHub gives them for an hour.
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// A token of an installation.
#[derive(Debug)]
pub(super) struct Held {
    token: Secret,
    until: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Given {
    token: String,
    expires_at: DateTime<Utc>,
}

impl Client {
    /// A token for `slug`.
    pub(super) async fn token(&self, slug: &Slug) -> Result<Secret, GitHubError> {
        let app = match &self.settings.identity {
            Identity::Token(token) => return Ok(token.clone()),
            Identity::App(app) => app,
        };
        let mut tokens = self.tokens.lock().await;
        let now = self.clock.now();
        if let Some(held) = tokens.get(slug).filter(|held| held.until - now > EARLY) {
            return Ok(held.token.clone());
        }
        let proof = app.proof(now)?;
        let installed = Call::get(format!("/repos/{slug}/installation"));
        let installation: Installation = self.call(&proof, &installed).await?;
        let path = format!("/app/installations/{}/access_tokens", installation.id);
        let wanted = Call::post(path, json!({ "repositories": [slug.name()] }));
        let Given { token, expires_at } = self.call(&proof, &wanted).await?;
        let token = Secret::new(token);
        tokens.insert(slug.clone(), Held { token: token.clone(), until: expires_at });
        Ok(token)
    }

    /// Forgets the token for `slug`; false when another cannot be had.
    pub(super) async fn forget(&self, slug: &Slug) -> bool {
        self.tokens.lock().await.remove(slug).is_some()
    }

    /// Whether check runs can be made, which only an App may.
    pub(crate) fn is_app(&self) -> bool {
        matches!(self.settings.identity, Identity::App(_))
    }
}
