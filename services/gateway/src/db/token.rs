//! Table `token`. Only hashes are stored.

use chrono::{DateTime, Utc};
use service::principal::Grant;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

/// A token as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub name: String,
    pub grants: Json<Vec<Grant>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    name: &str,
    hash: &[u8; 32],
    grants: &[Grant],
    expires_at: Option<DateTime<Utc>>,
) -> Result<Token, sqlx::Error> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    sqlx::query_as!(
        Token,
        r#"insert into gateway.token (name, hash, grants, expires_at) values ($1, $2, $3, $4)
           returning name, grants as "grants: Json<Vec<Grant>>", created_at, expires_at, last_used_at"#,
        name,
        hash.as_slice(),
        serde_json::to_value(grants).map_err(encode)?,
        expires_at,
    )
    .fetch_one(connection)
    .await
}

/// The token with this hash, unless it has expired.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    hash: &[u8; 32],
) -> Result<Option<Token>, sqlx::Error> {
    sqlx::query_as!(
        Token,
        r#"select name, grants as "grants: Json<Vec<Grant>>", created_at, expires_at, last_used_at
           from gateway.token where hash = $1 and (expires_at is null or expires_at > now())"#,
        hash.as_slice(),
    )
    .fetch_optional(executor)
    .await
}

/// Notes that the token was used, at most once a minute.
pub(crate) async fn touch(executor: impl PgExecutor<'_>, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update gateway.token set last_used_at = now()
         where name = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')",
        name,
    )
    .execute(executor)
    .await
    .map(drop)
}

/// Tokens by name after `after`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Token>, sqlx::Error> {
    sqlx::query_as!(
        Token,
        r#"select name, grants as "grants: Json<Vec<Grant>>", created_at, expires_at, last_used_at
           from gateway.token where $1::text is null or name > $1 order by name limit $2"#,
        after,
        limit,
    )
    .fetch_all(executor)
    .await
}

/// Ends a token; false when there is none.
pub(crate) async fn delete(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("delete from gateway.token where name = $1", name).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}
