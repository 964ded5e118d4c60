//! `monitor.data_watch`: where data are compared, when next, with what, and what was told.

use crate::place::Place;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Where data are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) schedule: String,
    pub(crate) next_at: Option<DateTime<Utc>>,
    /// The release whose reference was looked for.
    pub(crate) release: Option<ReleaseId>,
    pub(crate) reference: Option<Uuid>,
    /// Why the reference of that release cannot be had.
    pub(crate) problem: String,
    /// The columns whose drift was told.
    pub(crate) told: Vec<String>,
    pub(crate) muted_until: Option<DateTime<Utc>>,
    /// The model of which it was told that it got worse.
    pub(crate) worse_told: Option<String>,
}

struct Row {
    schedule: String,
    next_at: Option<DateTime<Utc>>,
    release: Option<Uuid>,
    reference: Option<Uuid>,
    problem: String,
    told: Vec<String>,
    muted_until: Option<DateTime<Utc>>,
    worse_told: Option<String>,
}

impl From<Row> for Watched {
    fn from(row: Row) -> Self {
        Self {
            schedule: row.schedule,
            next_at: row.next_at,
            release: row.release.map(ReleaseId::new),
            reference: row.reference,
            problem: row.problem,
            told: row.told,
            muted_until: row.muted_until,
            worse_told: row.worse_told,
        }
    }
}

/// The clock of the database.
pub(crate) async fn now(executor: impl PgExecutor<'_>) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(executor).await
}

/// What is known of a place.
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Option<Watched>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select schedule, next_at, release, reference, problem, told, muted_until, worse_told
         from monitor.data_watch where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Watched::from))
}

/// The same, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<Option<Watched>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select schedule, next_at, release, reference, problem, told, muted_until, worse_told
         from monitor.data_watch where app = $1 and environment = $2 for update",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Watched::from))
}

/// Notes when data are compared next. What has the schedule it had keeps its time, also one that passed.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    place: &Place,
    schedule: &str,
    next_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into monitor.data_watch as known (app, environment, schedule, next_at) values ($1, $2, $3, $4)
         on conflict (app, environment) do update
         set schedule = excluded.schedule, next_at = excluded.next_at
         where known.schedule <> excluded.schedule",
        place.app.as_str(),
        place.environment.as_str(),
        schedule,
        next_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Nothing is captured there any more.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.data_watch where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Notes what a release is compared with from now on, or why that is not known; without a reference the one before
/// stays.
pub(crate) async fn refer(
    connection: &mut PgConnection,
    place: &Place,
    release: Option<ReleaseId>,
    reference: Option<Uuid>,
    problem: &str,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.data_watch
         set release = coalesce($3, release), reference = coalesce($4, reference), problem = $5
         where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
        release.map(ReleaseId::uuid),
        reference,
        problem,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("note what is compared with", done.rows_affected())
}

/// Notes of which columns drift was told.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    place: &Place,
    told: &[String],
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.data_watch set told = $3 where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
        told,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("note what was told", done.rows_affected())
}

/// Notes that it was told what was true of predictions.
pub(crate) async fn tell_truths(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update monitor.data_watch set truths_told = true where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where it was told what was true, since one last looked how good models are.
pub(crate) async fn truths_told(executor: impl PgExecutor<'_>) -> Result<Vec<Place>, sqlx::Error> {
    let rows = sqlx::query!(
        "select app, environment from monitor.data_watch where truths_told order by app, environment"
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    rows.into_iter().map(|row| Place::parse(&row.app, &row.environment).map_err(decode)).collect()
}

/// Notes that one looked how good models are, and of which it is told that it got worse.
pub(crate) async fn looked(
    connection: &mut PgConnection,
    place: &Place,
    worse_told: Option<&str>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.data_watch set truths_told = false, worse_told = $3
         where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
        worse_told,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("note that one looked how good models are", done.rows_affected())
}

/// Notes until when nothing is told, and who wants that.
pub(crate) async fn mute(
    connection: &mut PgConnection,
    place: &Place,
    until: Option<DateTime<Utc>>,
    (by, reason): (&str, &str),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.data_watch set muted_until = $3, muted_by = $4, mute_reason = $5
         where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
        until,
        by,
        reason,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("mute drift of data", done.rows_affected())
}

/// Places whose time has come, with that time.
pub(crate) async fn due(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<(Place, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select app, environment, next_at as "next_at!" from monitor.data_watch
           where next_at <= clock_timestamp() order by next_at"#
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    let due = rows
        .into_iter()
        .map(|row| Ok((Place::parse(&row.app, &row.environment).map_err(decode)?, row.next_at)));
    due.collect()
}

/// Goes on to the next time; false when somebody else did.
pub(crate) async fn go_on(
    connection: &mut PgConnection,
    place: &Place,
    from: DateTime<Utc>,
    next_at: Option<DateTime<Utc>>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.data_watch set next_at = $4
         where app = $1 and environment = $2 and next_at = $3",
        place.app.as_str(),
        place.environment.as_str(),
        from,
        next_at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use testkit::{Database, variable};

    #[tokio::test]
    async fn times_that_passed_are_made_up_once_and_another_schedule_has_its_own() {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), crate::SERVICE, 1).await.expect("it answers");
        pg::migrate(&pool, crate::SERVICE, &crate::app::MIGRATOR).await.expect("tables");
        let insert = "insert into monitor.verdict (app, environment) values ('shop', 'production')";
        sqlx::query(insert).execute(&pool).await.expect("a place");
        let place = Place::parse("shop", "production").expect("a place");
        let mut connection = pool.acquire().await.expect("a connection");
        let now = now(&mut *connection).await.expect("it answers");
        let (days_ago, soon) = (Some(now - TimeDelta::days(3)), Some(now + TimeDelta::hours(1)));
        keep(&mut connection, &place, "0 2 * * *", days_ago).await.expect("is watched");
        // Whoever looks again, after all that time, takes nothing from it.
        keep(&mut connection, &place, "0 2 * * *", soon).await.expect("is watched");
        let missed = due(&mut *connection).await.expect("places");
        let [(of, at)] = missed.as_slice() else { panic!("one is due: {missed:?}") };
        assert_eq!(of, &place);
        for is_mine in [true, false] {
            let went = go_on(&mut connection, &place, *at, soon).await.expect("it goes on");
            assert_eq!(went, is_mine);
        }
        assert_eq!(due(&mut *connection).await.expect("places"), []);
        keep(&mut connection, &place, "*/5 * * * *", Some(now)).await.expect("is watched");
        assert_eq!(due(&mut *connection).await.expect("places").len(), 1);
    }
}
