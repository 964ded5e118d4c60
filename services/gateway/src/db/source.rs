//! Table `source`. Secrets are sealed here and opened by who uses them.

use sqlx::{PgConnection, PgExecutor};

/// A source as stored, with what is needed of its app.
pub(crate) struct Row {
    pub name: String,
    pub app: String,
    pub provider: String,
    pub secret: Vec<u8>,
    pub previous_secret: Option<Vec<u8>>,
    pub repository: String,
}

pub(crate) async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select source.name, source.app, source.provider, source.secret, source.previous_secret,
                app.repository
         from gateway.source join gateway.app on app.name = source.app",
    )
    .fetch_all(executor)
    .await
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    name: &str,
    app: &str,
    provider: &str,
    secret: &[u8],
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into gateway.source (name, app, provider, secret) values ($1, $2, $3, $4)",
        name,
        app,
        provider,
        secret,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("insert source", done.rows_affected())
}

/// Makes `secret` the current one and the current one the previous; false when the app has no source.
pub(crate) async fn rotate(
    connection: &mut PgConnection,
    app: &str,
    secret: &[u8],
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update gateway.source set previous_secret = secret, secret = $2 where app = $1",
        app,
        secret,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
