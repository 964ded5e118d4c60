//! Table `sink`.

use crate::notify::Sink;
use chrono::{DateTime, Utc};
use events::AppName;
use sqlx::{PgConnection, PgExecutor, PgPool};

/// What became of a sink in an environment.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Of the sink, in all of them.
    pub name: String,
    pub environment: String,
    pub disabled_at: Option<DateTime<Utc>>,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub last_error: String,
    pub waiting: i64,
}

/// Makes the sink known in `environment`, as the policy names it now, and locks it; false when it is disabled there.
pub(crate) async fn ensure(
    connection: &mut PgConnection,
    app: &AppName,
    sink: &Sink,
    environment: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into gateway.sink (app, name, kind, address, signed_with, environment)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (app, name) do update set signed_with = excluded.signed_with
           returning disabled_at is null as "enabled!""#,
        app.as_str(),
        sink.name_in(environment),
        sink.kind.as_str(),
        sink.address,
        sink.signed_with.as_ref().map(events::SecretName::as_str),
        sink.place(environment),
    )
    .fetch_one(connection)
    .await
}

/// Tells the sink nothing more: it said that it is gone. What waits for it has failed.
pub(crate) async fn disable(
    pool: &PgPool,
    app: &AppName,
    name: &str,
    why: &str,
) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let done = sqlx::query!(
        "update gateway.sink
         set disabled_at = clock_timestamp(), not_before = clock_timestamp(), last_error = $3
         where app = $1 and name = $2",
        app.as_str(),
        name,
        why,
    )
    .execute(&mut *transaction)
    .await?;
    pg::error::one_row("disable sink", done.rows_affected())?;
    sqlx::query!(
        "update gateway.notification
         set state = 'failed', last_error = $3, ended_at = clock_timestamp()
         where app = $1 and sink = $2 and state = 'waiting'",
        app.as_str(),
        name,
        why,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Records what became of a test; one that arrived enables the sink.
pub(crate) async fn tested(
    connection: &mut PgConnection,
    app: &AppName,
    name: &str,
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update gateway.sink
         set last_attempt_at = clock_timestamp(), last_error = coalesce($3, ''),
             last_success_at = case when $3::text is null then clock_timestamp() else last_success_at end,
             disabled_at = case when $3::text is null then null else disabled_at end
         where app = $1 and name = $2",
        app.as_str(),
        name,
        error,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("record the test of a sink", done.rows_affected())
}

/// The sinks of an app that were told something, with what waits for them.
pub(crate) async fn states(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<Vec<State>, sqlx::Error> {
    sqlx::query_as!(
        State,
        r#"select kind || ':' || address as "name!", environment, disabled_at, last_attempt_at, last_success_at,
                  last_error,
                  (select count(*) from gateway.notification
                   where notification.app = sink.app and notification.sink = sink.name
                     and state = 'waiting') as "waiting!"
           from gateway.sink where app = $1 order by sink.name"#,
        app.as_str(),
    )
    .fetch_all(executor)
    .await
}
