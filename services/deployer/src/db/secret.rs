//! `deployer.secret`: versions of secrets, sealed. A release names versions, so it can be restored with
//! the values it ran with.

use chrono::{DateTime, Utc};
use events::{AppName, SecretName};
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeMap;

/// A version of a secret without its value.
#[expect(clippy::struct_field_names, reason = "one word per concept, everywhere")]
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) environment: String,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) set_by: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// What a sealed value is bound to; versions count over an app's environments together.
pub(crate) fn context(app: &AppName, name: &str, version: i64) -> String {
    format!("secret {app}/{name}@{version}")
}

/// The next version of a secret of `app`; versions of one name never repeat, whatever the environment.
pub(crate) async fn next_version(
    connection: &mut PgConnection,
    app: &AppName,
    name: &SecretName,
) -> Result<i64, sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("slipway-secret-{app}/{name}"),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query_scalar!(
        r#"select coalesce(max(version), 0) + 1 as "version!" from deployer.secret
           where app = $1 and name = $2"#,
        app.as_str(),
        name.as_str(),
    )
    .fetch_one(connection)
    .await
}

/// A version about to be written; without a value the secret is deleted from here on.
#[derive(Debug)]
pub(crate) struct NewVersion<'a> {
    pub(crate) app: &'a AppName,
    /// Empty for all environments.
    pub(crate) environment: &'a str,
    pub(crate) name: &'a SecretName,
    pub(crate) version: i64,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) by: &'a str,
}

/// Writes a version.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    new: &NewVersion<'_>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.secret (app, environment, name, version, sealed, set_by)
         values ($1, $2, $3, $4, $5, $6)",
        new.app.as_str(),
        new.environment,
        new.name.as_str(),
        new.version,
        new.sealed,
        new.by,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("insert secret", done.rows_affected())
}

/// The newest versions of an app's secrets: those of all environments, and with `environment` its own.
pub(crate) async fn newest(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    environment: &str,
) -> Result<Vec<Version>, sqlx::Error> {
    // Every secret has a name: this is before the first.
    page(executor, (app, environment), ("", ""), i64::MAX).await
}

/// A page of them, after the name and environment of the last one of the page before.
pub(crate) async fn page(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &str),
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<Version>, sqlx::Error> {
    sqlx::query_as!(
        Version,
        r#"select environment as "environment!", name as "name!", version as "version!",
                  set_by as "set_by!", created_at as "created_at!"
           from (select distinct on (environment, name) environment, name, version, set_by,
                        created_at, sealed
                 from deployer.secret
                 where app = $1 and environment in ('', $2)
                 order by environment, name, version desc) newest
           where sealed is not null and (name, environment) > ($3, $4)
           order by name, environment limit $5"#,
        app.as_str(),
        environment,
        after.0,
        after.1,
        limit,
    )
    .fetch_all(executor)
    .await
}

/// The version of each secret that a release of `environment` gets now; its own win.
pub(crate) async fn current(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    environment: &str,
) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let newest = newest(executor, app, environment).await?;
    // Sorted by name, then environment: the environment's own comes later and stays.
    Ok(newest.into_iter().map(|version| (version.name, version.version)).collect())
}

/// The sealed value of one version.
pub(crate) async fn sealed(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    name: &str,
    version: i64,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let row = sqlx::query_scalar!(
        "select sealed from deployer.secret where app = $1 and name = $2 and version = $3",
        app.as_str(),
        name,
        version,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.flatten())
}
