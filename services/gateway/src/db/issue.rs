//! Table `issue`: what is filed at GitHub of drift. Times are the database's.

use super::parsed;
use crate::issue::{Due, Text, kind_of};
use chrono::{DateTime, Utc};
use events::payload::DriftKind;
use events::{AppName, EnvironmentName};
use sqlx::PgExecutor;
use std::time::Duration;

/// Seconds that a claim is valid: longer than the requests of one attempt.
const CLAIM: f64 = 300.0;

/// What an event says.
#[derive(Debug)]
pub(crate) struct News<'a> {
    pub app: &'a AppName,
    pub environment: &'a EnvironmentName,
    pub kind: DriftKind,
    /// What drifts; nothing when it is over.
    pub text: Option<&'a Text>,
    pub at: DateTime<Utc>,
    /// It is told also when nothing was told of it before.
    pub may_begin: bool,
    /// Something else drifts than was told; what is not new files no other issue than the one that was.
    pub is_new: bool,
    /// Nothing is filed before; what is open already is changed at once.
    pub pause: Duration,
}

/// Keeps what is so now, unless something later is known. What is over keeps its text.
pub(crate) async fn keep(
    executor: impl PgExecutor<'_>,
    news: &News<'_>,
) -> Result<(), sqlx::Error> {
    let (title, body) = news.text.map_or(("", ""), |text| (&text.title, &text.body));
    sqlx::query!(
        "insert into gateway.issue as known (app, environment, kind, is_open, title, body, moved_at, wake_at)
         select $1, $2, $3, $4::boolean, $5, $6, $7::timestamptz, clock_timestamp() + make_interval(secs => $9)
         where $8 or exists(select from gateway.issue where app = $1 and environment = $2 and kind = $3)
         on conflict (app, environment, kind) do update
         set is_open = excluded.is_open, moved_at = excluded.moved_at, version = known.version + 1,
             title = case when excluded.is_open then excluded.title else known.title end,
             body = case when excluded.is_open then excluded.body else known.body end,
             state = 'waiting', attempts = 0,
             may_file = $10 or not known.is_open or known.number is null
                        or (known.may_file and known.state <> 'told'),
             wake_at = case when not known.is_open then excluded.wake_at
                            when known.state = 'waiting' and $9 > 0 then known.wake_at
                            else clock_timestamp() end
         where known.moved_at < excluded.moved_at and (known.is_open or excluded.is_open)",
        news.app.as_str(),
        news.environment.as_str(),
        news.kind.as_str(),
        news.text.is_some(),
        title,
        body,
        news.at,
        news.may_begin,
        news.pause.as_secs_f64(),
        news.is_new,
    )
    .execute(executor)
    .await
    .map(drop)
}

struct Row {
    app: String,
    repository: String,
    environment: String,
    kind: String,
    is_open: bool,
    may_file: bool,
    title: String,
    body: String,
    version: i64,
    attempts: i32,
}

impl TryFrom<Row> for Due {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let kind = kind_of(&row.kind).ok_or_else(|| {
            sqlx::Error::Decode(format!("there is no drift of {}", row.kind).into())
        })?;
        Ok(Self {
            app: parsed(&row.app)?,
            repository: row.repository,
            environment: parsed(&row.environment)?,
            kind,
            is_open: row.is_open,
            may_file: row.may_file,
            text: Text { title: row.title, body: row.body },
            version: row.version,
            attempts: row.attempts,
        })
    }
}

/// Claims the issue that is due first.
pub(crate) async fn claim(executor: impl PgExecutor<'_>) -> Result<Option<Due>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"with due as (
             select issue.app, issue.environment, issue.kind, app.repository
             from gateway.issue join gateway.app on app.name = issue.app
             where issue.state = 'waiting' and issue.wake_at <= clock_timestamp()
               and coalesce(issue.claimed_until, '-infinity') <= clock_timestamp()
             order by issue.wake_at, issue.moved_at limit 1
             for update of issue skip locked
           )
           update gateway.issue
           set attempts = attempts + 1, claimed_until = clock_timestamp() + make_interval(secs => $1)
           from due
           where issue.app = due.app and issue.environment = due.environment and issue.kind = due.kind
           returning issue.app, due.repository as "repository!", issue.environment, issue.kind, is_open, may_file,
                     title, body, version, attempts"#,
        CLAIM,
    )
    .fetch_optional(executor)
    .await?
    .map(Due::try_from)
    .transpose()
}

/// Seconds until something is due; nothing when nothing waits.
pub(crate) async fn due_in(executor: impl PgExecutor<'_>) -> Result<Option<f64>, sqlx::Error> {
    sqlx::query_scalar!(
        "select extract(epoch from min(greatest(wake_at, coalesce(claimed_until, wake_at)))
                        - clock_timestamp())::float8
         from gateway.issue where state = 'waiting'",
    )
    .fetch_one(executor)
    .await
}

/// It was told; where it is, if that is known. What happened meanwhile is due.
pub(crate) async fn done(
    executor: impl PgExecutor<'_>,
    due: &Due,
    filed: Option<(i64, &str)>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update gateway.issue
         set state = case when version = $4 then 'told' else state end, claimed_until = null, last_error = '',
             number = coalesce($5, number), url = coalesce($6, url)
         where app = $1 and environment = $2 and kind = $3",
        due.app.as_str(),
        due.environment.as_str(),
        due.kind.as_str(),
        due.version,
        filed.map(|(number, _)| number),
        filed.map(|(_, url)| url),
    )
    .execute(executor)
    .await
    .map(drop)
}

/// An attempt failed; the next comes after `pause`, and without one there is none, unless something happened meanwhile.
pub(crate) async fn failed(
    executor: impl PgExecutor<'_>,
    due: &Due,
    error: &str,
    pause: Option<Duration>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update gateway.issue
         set state = case when version = $4 and $6::float8 is null then 'failed' else state end,
             claimed_until = null, last_error = $5,
             wake_at = clock_timestamp() + make_interval(secs => coalesce($6, 0))
         where app = $1 and environment = $2 and kind = $3",
        due.app.as_str(),
        due.environment.as_str(),
        due.kind.as_str(),
        due.version,
        error,
        pause.map(|pause| pause.as_secs_f64()),
    )
    .execute(executor)
    .await
    .map(drop)
}

/// An issue as people see it.
#[derive(Debug, Clone)]
pub(crate) struct Filed {
    pub environment: String,
    pub kind: String,
    pub is_open: bool,
    pub number: i64,
    pub url: String,
    /// Of the last attempt, if that failed.
    pub last_error: String,
}

/// The issues of `app`.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<Vec<Filed>, sqlx::Error> {
    sqlx::query_as!(
        Filed,
        r#"select environment, kind, is_open, coalesce(number, 0) as "number!", url, last_error
           from gateway.issue where app = $1 order by environment, kind"#,
        app.as_str(),
    )
    .fetch_all(executor)
    .await
}
