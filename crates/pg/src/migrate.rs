//! Migrations: each schema has its own, recorded in its own `_sqlx_migrations`. Two programs that start
//! at once take turns; an older program starts on a newer schema, because migrations only expand.

use crate::line;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::borrow::Cow;

static BUS: Migrator = sqlx::migrate!();

/// Why a schema is not ready.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection, or the schema could not be made.
    #[error("prepare schema {schema}")]
    Prepare {
        /// The schema.
        schema: &'static str,
        /// What the database says.
        source: sqlx::Error,
    },
    /// A migration failed.
    #[error("migrate schema {schema}")]
    Run {
        /// The schema.
        schema: &'static str,
        /// What failed.
        source: Box<sqlx::migrate::MigrateError>,
    },
}

/// Brings schema `bus` up to date; every service does this before its own.
pub async fn migrate_bus(pool: &PgPool) -> Result<(), MigrateError> {
    migrate(pool, "bus", &BUS).await
}

/// Makes `schema` if need be and brings it up to date, all in one transaction.
pub async fn migrate(
    pool: &PgPool,
    schema: &'static str,
    migrator: &'static Migrator,
) -> Result<(), MigrateError> {
    let prepare = |source| MigrateError::Prepare { schema, source };
    let options = line::patient(&pool.connect_options());
    let mut connection = PgConnection::connect_with(&options).await.map_err(prepare)?;
    let mut transaction = connection.begin().await.map_err(prepare)?;
    // Others may hold the lock for as long as their migration takes.
    sqlx::query!(
        "select set_config('statement_timeout', '0', true) as statement,
                set_config('lock_timeout', '60s', true) as lock,
                set_config('idle_in_transaction_session_timeout', '0', true) as idle"
    )
    .fetch_one(&mut *transaction)
    .await
    .map_err(prepare)?;
    let lock = format!("slipway-migrate-{schema}");
    sqlx::query!("select pg_advisory_xact_lock(hashtext($1))", lock)
        .execute(&mut *transaction)
        .await
        .map_err(prepare)?;
    run(&mut transaction, schema, migrator).await?;
    transaction.commit().await.map_err(prepare)
}

async fn run(
    connection: &mut PgConnection,
    schema: &'static str,
    migrator: &'static Migrator,
) -> Result<(), MigrateError> {
    let prepare = |source| MigrateError::Prepare { schema, source };
    // `create schema if not exists` needs the right to create one even when it is there.
    let there = sqlx::query_scalar!("select 1 from pg_namespace where nspname = $1", schema)
        .fetch_optional(&mut *connection)
        .await
        .map_err(prepare)?;
    if there.is_none() {
        sqlx::query(AssertSqlSafe(format!("create schema {schema}")))
            .execute(&mut *connection)
            .await
            .map_err(prepare)?;
    }
    // A schema that several services share belongs to a role of which each is a member; what any of them
    // makes there must be the role's too, for the others to use and change it.
    sqlx::query_scalar!(
        "select set_config('role', pg_get_userbyid(nspowner)::text, true) from pg_namespace
         where nspname = $1 and pg_has_role(nspowner, 'member')",
        schema
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(prepare)?;
    let mut own = Migrator::with_migrations(migrator.migrations.to_vec());
    own.set_ignore_missing(true);
    own.set_locking(false);
    own.dangerous_set_table_name(Cow::Owned(format!("{schema}._sqlx_migrations")));
    // `run` is the same behind a bound that keeps the future from being `Send`.
    own.run_direct(None, connection, false)
        .await
        .map_err(|source| MigrateError::Run { schema, source: Box::new(source) })
}
