//! What was live in an environment, as far as a way back is decided by it.

use crate::earlier::Past;
use events::{AppName, EnvironmentName, ReleaseId};
use sqlx::PgExecutor;
use uuid::Uuid;

struct Row {
    id: Uuid,
    number: i64,
    restores: Option<Uuid>,
    content_hash: String,
    pinned: bool,
    kept: bool,
}

impl From<Row> for Past {
    fn from(row: Row) -> Self {
        Self {
            id: ReleaseId::new(row.id),
            number: row.number,
            restores: row.restores.map(ReleaseId::new),
            content_hash: row.content_hash,
            pinned: row.pinned,
            kept: row.kept,
        }
    }
}

/// Every release of an environment that is or was live.
pub(crate) async fn of_environment(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Vec<Past>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, number, restores, content_hash, pinned, state_name = 'retained' as "kept!"
           from deployer.release
           where app = $1 and environment = $2 and state_name in ('live', 'retained', 'collected')"#,
        app.as_str(),
        environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Past::from).collect())
}
