//! `deployer.command`: what people and other releases want of a release.

use events::ReleaseId;
use release::Input;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Something wanted, in the order it was asked for.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) id: i64,
    pub(crate) input: Input,
}

/// Writes what is wanted of `release`, and wakes its driver.
pub(crate) async fn enqueue(
    connection: &mut PgConnection,
    release: ReleaseId,
    input: &Input,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.command (release, input) values ($1, $2)",
        release.uuid(),
        Json(input) as _,
    )
    .execute(&mut *connection)
    .await?;
    pg::error::one_row("enqueue command", done.rows_affected())?;
    sqlx::query!(
        "update deployer.release set wake_at = clock_timestamp() where id = $1",
        release.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is wanted of `release` and was not taken yet.
pub(crate) async fn waiting(
    connection: &mut PgConnection,
    release: ReleaseId,
) -> Result<Vec<Command>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, input as "input: Json<Input>" from deployer.command
           where release = $1 and taken_at is null order by id"#,
        release.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| Command { id: row.id, input: row.input.0 }).collect())
}

/// Marks a command as taken; `refused` says why it did nothing.
pub(crate) async fn take(
    connection: &mut PgConnection,
    id: i64,
    refused: Option<String>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.command set taken_at = clock_timestamp(), refused = $2
         where id = $1 and taken_at is null",
        id,
        refused,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("take command", done.rows_affected())
}
