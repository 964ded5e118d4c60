//! `deployer.app_removal`: apps whose instances, routes and networks go, or are gone.

use chrono::{DateTime, Utc};
use events::{AppName, PrincipalName};
use sqlx::{PgConnection, PgExecutor};

/// An app that goes.
#[derive(Debug, Clone)]
pub(crate) struct Removal {
    pub(crate) app: AppName,
    pub(crate) by: PrincipalName,
    pub(crate) asked_at: DateTime<Utc>,
}

/// Why no release of an app is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is on its way out; afterwards there may be an app of its name again.
    Going,
    /// What is to be released is from before it was deleted.
    Gone,
}

/// Keeps `app` from being deleted until the caller's transaction ends.
pub(crate) async fn keep_out(
    connection: &mut PgConnection,
    app: &AppName,
) -> Result<(), sqlx::Error> {
    let key = lock_key(app);
    sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))", key)
        .execute(connection)
        .await?;
    Ok(())
}

/// Waits for releases that are being made, and keeps new ones waiting until the caller's transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, app: &AppName) -> Result<(), sqlx::Error> {
    let key = lock_key(app);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        .execute(connection)
        .await?;
    Ok(())
}

fn lock_key(app: &AppName) -> String {
    format!("slipway-app-{app}")
}

/// Asks for `app` to go; asked again, it goes again.
pub(crate) async fn ask(
    connection: &mut PgConnection,
    app: &AppName,
    by: &PrincipalName,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.app_removal (app, asked_by) values ($1, $2)
         on conflict (app) do update
         set asked_by = excluded.asked_by, asked_at = clock_timestamp(), done_at = null",
        app.as_str(),
        by.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("ask for the removal of an app", done.rows_affected())
}

/// The apps of which something may be left, the oldest first.
pub(crate) async fn unfinished(executor: impl PgExecutor<'_>) -> Result<Vec<Removal>, sqlx::Error> {
    let rows = sqlx::query!(
        "select app, asked_by, asked_at from deployer.app_removal where done_at is null order by asked_at"
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    let removal = |app: &str, by: &str, asked_at| {
        let app = AppName::parse(app).map_err(decode)?;
        Ok(Removal { app, by: PrincipalName::new(by), asked_at })
    };
    rows.iter().map(|row| removal(&row.app, &row.asked_by, row.asked_at)).collect()
}

/// Keeps `removal` from ending until the caller's transaction does; an error when it ended. Whoever stood still must
/// not take away what was released of the app afterwards.
pub(crate) async fn hold(
    executor: impl PgExecutor<'_>,
    removal: &Removal,
) -> Result<(), sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select app from deployer.app_removal
         where app = $1 and asked_at = $2 and done_at is null for share",
        removal.app.as_str(),
        removal.asked_at,
    )
    .fetch_optional(executor)
    .await?;
    let ended = || sqlx::Error::Protocol(format!("the removal of {} ended", removal.app));
    found.map(drop).ok_or_else(ended)
}

/// Records that nothing of `app` is left, and forgets the secrets it had when it was deleted.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    app: &AppName,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.secret s set sealed = null
         from deployer.app_removal r
         where r.app = $1 and s.app = $1 and s.created_at <= r.asked_at",
        app.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    let done = sqlx::query!(
        "update deployer.app_removal set done_at = clock_timestamp()
         where app = $1 and done_at is null",
        app.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("finish the removal of an app", done.rows_affected())
}

/// Why nothing that `began` then, or by hand now, is released of `app`; nothing when it may be.
pub(crate) async fn refusal(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    began: Option<DateTime<Utc>>,
) -> Result<Option<Refusal>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select coalesce($2 <= asked_at, false) as "is_older!", done_at is null as "is_going!"
           from deployer.app_removal where app = $1"#,
        app.as_str(),
        began,
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.and_then(|removal| match (removal.is_older, removal.is_going) {
        (true, _) => Some(Refusal::Gone),
        (false, true) => Some(Refusal::Going),
        (false, false) => None,
    }))
}
