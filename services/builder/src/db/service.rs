//! Table `builder.service`: the image of each service in a build.

use crate::registry::layers::Layer;
use crate::run::product::ServiceImage;
use events::{AppName, BuildId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A row, as people and services see it.
#[derive(Debug, Clone)]
pub struct Row {
    pub build: Uuid,
    pub name: String,
    pub repository: String,
    pub digest: String,
    pub size_bytes: i64,
    pub content_key: Option<String>,
    pub reused: bool,
    pub new_layers: serde_json::Value,
    pub shared_layer_count: i32,
    pub tags: Vec<String>,
}

/// Writes what became of one service.
pub async fn insert(
    connection: &mut PgConnection,
    build: BuildId,
    image: &ServiceImage,
) -> Result<(), sqlx::Error> {
    let json = |layers: &[Layer]| {
        serde_json::to_value(layers).map_err(|error| sqlx::Error::Encode(error.into()))
    };
    let done = sqlx::query!(
        "insert into builder.service (build, name, repository, digest, size_bytes, content_key, reused,
            layers, new_layers, shared_layer_count, tags)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        build.uuid(),
        image.service.as_str(),
        image.repository,
        image.digest.as_str(),
        image.size(),
        image.content_key.as_ref().map(crate::context::key::ContentKey::as_str),
        image.reused,
        json(&image.layers)?,
        json(&image.difference.new)?,
        i32::try_from(image.difference.shared).unwrap_or(i32::MAX),
        &image.tags,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("record the image of a service", done.rows_affected())
}

/// The services of these builds, by name.
pub async fn of_builds(
    executor: impl PgExecutor<'_>,
    builds: &[Uuid],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select build, name, repository, digest, size_bytes, content_key, reused, new_layers,
            shared_layer_count, tags
         from builder.service where build = any($1) order by build, name",
        builds,
    )
    .fetch_all(executor)
    .await
}

/// The layers of the last image of a service.
pub async fn last_layers(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    service: &ServiceName,
) -> Result<Vec<Layer>, sqlx::Error> {
    let layers = sqlx::query_scalar!(
        "select layers from builder.service join builder.build on build.id = service.build
         where build.app = $1 and service.name = $2 order by build.id desc limit 1",
        app.as_str(),
        service.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    let layers = layers.map(serde_json::from_value).transpose();
    Ok(layers.map_err(super::build::unreadable)?.unwrap_or_default())
}
