//! Table `app`.

use super::parsed;
use chrono::{DateTime, Utc};
use events::AppName;
use sqlx::{PgConnection, PgExecutor};

/// An app as it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    pub name: AppName,
    pub repository: String,
    pub default_branch: String,
    pub policy: String,
    pub created_at: DateTime<Utc>,
}

struct Row {
    name: String,
    repository: String,
    default_branch: String,
    policy: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for App {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: parsed(&row.name)?,
            repository: row.repository,
            default_branch: row.default_branch,
            policy: row.policy,
            created_at: row.created_at,
        })
    }
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    name: &AppName,
    repository: &str,
    default_branch: &str,
    policy: &str,
) -> Result<App, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "insert into gateway.app (name, repository, default_branch, policy) values ($1, $2, $3, $4)
         returning name, repository, default_branch, policy, created_at",
        name.as_str(),
        repository,
        default_branch,
        policy,
    )
    .fetch_one(connection)
    .await?
    .try_into()
}

pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    name: &AppName,
) -> Result<Option<App>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select name, repository, default_branch, policy, created_at from gateway.app where name = $1",
        name.as_str(),
    )
    .fetch_optional(executor)
    .await?
    .map(App::try_from)
    .transpose()
}

/// Since when what happens to the app is told; nothing when there is no such app.
pub(crate) async fn notified_since(
    executor: impl PgExecutor<'_>,
    name: &AppName,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!("select notified_since from gateway.app where name = $1", name.as_str())
        .fetch_optional(executor)
        .await
}

/// An app, locked for the caller's transaction.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    name: &AppName,
) -> Result<Option<App>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select name, repository, default_branch, policy, created_at from gateway.app
         where name = $1 for update",
        name.as_str(),
    )
    .fetch_optional(connection)
    .await?
    .map(App::try_from)
    .transpose()
}

/// Apps by name after `after`; only those in `visible` when that is given.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    visible: Option<&[String]>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<App>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select name, repository, default_branch, policy, created_at from gateway.app
         where ($1::text[] is null or name = any($1)) and ($2::text is null or name > $2)
         order by name limit $3",
        visible,
        after,
        limit,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(App::try_from).collect()
}

/// Replaces everything but name and time; nothing when there is no such app.
pub(crate) async fn update(
    connection: &mut PgConnection,
    app: &App,
) -> Result<Option<App>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "update gateway.app set repository = $2, default_branch = $3, policy = $4 where name = $1
         returning name, repository, default_branch, policy, created_at",
        app.name.as_str(),
        app.repository,
        app.default_branch,
        app.policy,
    )
    .fetch_optional(connection)
    .await?
    .map(App::try_from)
    .transpose()
}

/// Deletes the app with its source and heads; false when there is none.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    name: &AppName,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("delete from gateway.app where name = $1", name.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
