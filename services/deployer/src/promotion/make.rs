//! What a promoted release is made of: the digests that were proved, the manifest of their commit under the policy of
//! the default branch, and the secrets of where it goes.

use crate::built::Manifests;
use crate::content::{Content, Origin};
use crate::create;
use crate::db::release::Release;
use events::{EnvironmentName, PrincipalName};
use manifest::ResolveError;
use sqlx::PgConnection;

/// A release that goes on to another environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promotion<'a> {
    pub(crate) source: &'a Release,
    pub(crate) target: &'a EnvironmentName,
    pub(crate) manifests: &'a Manifests,
}

/// The content it has there, or why the manifests do not allow one.
pub(crate) async fn content(
    connection: &mut PgConnection,
    Promotion { source, target, manifests }: Promotion<'_>,
) -> Result<Result<Content, ResolveError>, sqlx::Error> {
    let resolved = match manifest::resolve(&manifests.shape, &manifests.policy, target) {
        Ok(resolved) => resolved,
        Err(error) => return Ok(Err(error)),
    };
    let proved = source.content.images.iter();
    let images = proved.filter(|(service, _)| resolved.services.contains_key(*service));
    let images = images.map(|(service, image)| (service.clone(), image.clone())).collect();
    create::content(connection, resolved, images).await.map(Ok)
}

/// Where it comes from: from the same commit, and from who made that.
pub(crate) fn origin(source: &Release, by: PrincipalName) -> Origin {
    let author = source.origin.author().clone();
    Origin {
        cause: "promotion".to_owned(),
        by,
        author: Some(author),
        reason: None,
        ..source.origin.clone()
    }
}
