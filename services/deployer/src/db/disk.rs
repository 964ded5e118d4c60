//! `deployer.disk`: how full people were told last that the engine's disk is.

use service::pressure::Level;
use sqlx::PgConnection;

/// What was told last; nobody else tells until the caller's transaction is over.
pub(crate) async fn told(connection: &mut PgConnection) -> Result<Level, sqlx::Error> {
    let text = sqlx::query_scalar!("select told from deployer.disk for update")
        .fetch_one(connection)
        .await?;
    let unknown = || sqlx::Error::Decode(format!("no disk is {text}").into());
    Level::parse(&text).ok_or_else(unknown)
}

/// Writes what is told now.
pub(crate) async fn tell(connection: &mut PgConnection, level: Level) -> Result<(), sqlx::Error> {
    let done = sqlx::query!("update deployer.disk set told = $1", level.as_str())
        .execute(connection)
        .await?;
    pg::error::one_row("write how full the disk is told to be", done.rows_affected())
}
