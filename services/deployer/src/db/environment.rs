//! `deployer.environment` and the generation of the route table.

use events::{AppName, EnvironmentName};
use release::Traffic;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// Where an app runs.
#[expect(clippy::struct_field_names, reason = "one word per concept, everywhere")]
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) app: AppName,
    pub(crate) environment: EnvironmentName,
    pub(crate) traffic: Traffic,
    pub(crate) candidate_token: String,
}

/// Makes the environment if it is not there, locks it for the caller's transaction, and takes the next
/// release number.
pub(crate) async fn next_number(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
    candidate_token: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into deployer.environment (app, environment, last_number, traffic, candidate_token)
         values ($1, $2, 1, $3, $4)
         on conflict (app, environment)
         do update set last_number = deployer.environment.last_number + 1, removed_at = null
         returning last_number",
        app.as_str(),
        environment.as_str(),
        Json(Traffic::default()) as _,
        candidate_token,
    )
    .fetch_one(connection)
    .await
}

/// Serialises decisions about one environment until the caller's transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("slipway-environment-{app}/{environment}"),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// As the table has it.
struct Row {
    app: String,
    environment: String,
    traffic: Json<Traffic>,
    candidate_token: String,
}

impl TryFrom<Row> for Environment {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        Ok(Self {
            app: AppName::parse(&row.app).map_err(decode)?,
            environment: EnvironmentName::parse(&row.environment).map_err(decode)?,
            traffic: row.traffic.0,
            candidate_token: row.candidate_token,
        })
    }
}

/// All environments that had a release.
pub(crate) async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Environment>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select app, environment, traffic as "traffic: Json<Traffic>", candidate_token
           from deployer.environment order by app, environment"#
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Environment::try_from).collect()
}

/// One environment that is there.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Option<Environment>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select app, environment, traffic as "traffic: Json<Traffic>", candidate_token
           from deployer.environment
           where app = $1 and environment = $2 and removed_at is null"#,
        app.as_str(),
        environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Environment::try_from).transpose()
}

/// Those of which an instance or a release changed within this time.
pub(crate) async fn changed(
    executor: impl PgExecutor<'_>,
    within: Duration,
) -> Result<Vec<Environment>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"with since as (select clock_timestamp() - make_interval(secs => $1) as moment)
           select app, environment, traffic as "traffic: Json<Traffic>", candidate_token
           from deployer.environment where (app, environment) in
               (select app, environment from deployer.instance, since where changed_at > moment
                union select app, environment from deployer.release, since where entered_at > moment)
           order by app, environment"#,
        within.as_secs_f64(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Environment::try_from).collect()
}

/// The traffic of one environment that is there.
pub(crate) async fn traffic(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Option<Traffic>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select traffic as "traffic: Json<Traffic>" from deployer.environment
           where app = $1 and environment = $2 and removed_at is null"#,
        app.as_str(),
        environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|traffic| traffic.0))
}

/// Records that nothing of the environment is there any more.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.environment set removed_at = clock_timestamp()
         where app = $1 and environment = $2",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("remove environment", done.rows_affected())
}

/// Writes the traffic of one environment.
pub(crate) async fn set_traffic(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
    traffic: &Traffic,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.environment set traffic = $3 where app = $1 and environment = $2",
        app.as_str(),
        environment.as_str(),
        Json(traffic) as _,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("set traffic", done.rows_affected())
}

/// Raises the generation of the route table; the row is locked until the caller's transaction ends, so
/// that tables are composed one after the other.
pub(crate) async fn next_generation(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "update deployer.route_generation set generation = generation + 1 returning generation"
    )
    .fetch_one(connection)
    .await
}

/// Raises the generation to at least `generation`; true when that was needed.
pub(crate) async fn raise_generation(
    connection: &mut PgConnection,
    generation: i64,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.route_generation set generation = $1 where generation < $1",
        generation,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
