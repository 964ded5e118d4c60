//! Table `report`: what GitHub is told. Times are the database's.

use super::parsed;
use crate::report::{Due, Stage, Subject, Told};
use chrono::{DateTime, Utc};
use events::{AppName, BuildId, CommitSha, ReleaseId};
use sqlx::{PgExecutor, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// Seconds that a claim is valid: longer than the requests of one attempt.
const CLAIM: f64 = 300.0;

/// What an event says.
#[derive(Debug)]
pub(crate) struct News<'a> {
    pub app: &'a AppName,
    pub subject: &'a Subject,
    pub commit: Option<&'a CommitSha>,
    pub version: i64,
    pub stage: Stage,
    pub sentence: &'a str,
    pub at: DateTime<Utc>,
    /// It is told also when nothing was told of it before.
    pub may_begin: bool,
}

/// Keeps what is so now, unless something later is known. What says the same is not told again.
pub(crate) async fn keep(
    executor: impl PgExecutor<'_>,
    news: &News<'_>,
) -> Result<(), sqlx::Error> {
    let (kind, environment, number) = match news.subject {
        Subject::Build(_) => ("build", "", 0),
        Subject::Release { environment, number, .. } => ("release", environment.as_str(), *number),
    };
    sqlx::query!(
        "insert into gateway.report
           (subject, kind, app, environment, number, commit, version, stage, sentence, began_at, moved_at)
         select $1::uuid, $2, $3, $4, $5::bigint, $6, $7::bigint, $8, $9, $10::timestamptz, $10
         where $11 or exists(select from gateway.report where subject = $1)
         on conflict (subject) do update
         set version = excluded.version, stage = excluded.stage, sentence = excluded.sentence,
             began_at = least(report.began_at, excluded.began_at), moved_at = excluded.moved_at,
             state = case when (report.stage, report.sentence) = (excluded.stage, excluded.sentence)
                          then report.state else 'waiting' end,
             attempts = 0, wake_at = clock_timestamp()
         where report.version < excluded.version",
        news.subject.id(),
        kind,
        news.app.as_str(),
        environment,
        number,
        news.commit.map(CommitSha::as_str),
        news.version,
        news.stage.as_str(),
        news.sentence,
        news.at,
        news.may_begin,
    )
    .execute(executor)
    .await
    .map(drop)
}

struct Row {
    subject: Uuid,
    kind: String,
    app: String,
    repository: String,
    environment: String,
    number: i64,
    commit: Option<String>,
    url: String,
    version: i64,
    stage: String,
    sentence: String,
    began_at: DateTime<Utc>,
    moved_at: DateTime<Utc>,
    deployment: Option<i64>,
    check_run: Option<i64>,
    deployment_told: String,
    commit_told: String,
    attempts: i32,
    is_overtaken: bool,
}

impl TryFrom<Row> for Due {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let subject = match row.kind.as_str() {
            "build" => Subject::Build(BuildId::new(row.subject)),
            _ => Subject::Release {
                id: ReleaseId::new(row.subject),
                environment: parsed(&row.environment)?,
                number: row.number,
            },
        };
        let commit = row.commit.clone().filter(|text| !text.is_empty());
        let stage = Stage::parse(&row.stage).ok_or_else(|| {
            sqlx::Error::Decode(format!("there is no stage {}", row.stage).into())
        })?;
        Ok(Self {
            subject,
            app: parsed(&row.app)?,
            repository: row.repository,
            is_known: row.commit.is_some(),
            commit: commit.map(|text| parsed::<CommitSha>(&text)).transpose()?,
            url: row.url,
            version: row.version,
            stage,
            sentence: row.sentence,
            began_at: row.began_at,
            moved_at: row.moved_at,
            told: Told {
                deployment: row.deployment,
                check_run: row.check_run,
                of_deployment: row.deployment_told,
                of_commit: row.commit_told,
            },
            attempts: row.attempts,
            is_overtaken: row.is_overtaken,
        })
    }
}

/// Claims the report that is due first.
pub(crate) async fn claim(executor: impl PgExecutor<'_>) -> Result<Option<Due>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"with due as (
             select report.subject, app.repository
             from gateway.report join gateway.app on app.name = report.app
             where report.state = 'waiting' and report.wake_at <= clock_timestamp()
               and coalesce(report.claimed_until, '-infinity') <= clock_timestamp()
             order by report.wake_at, report.moved_at limit 1
             for update of report skip locked
           )
           update gateway.report
           set attempts = attempts + 1, last_attempt_at = clock_timestamp(),
               claimed_until = clock_timestamp() + make_interval(secs => $1)
           from due where report.subject = due.subject
           returning report.subject, kind, app, due.repository as "repository!", environment, number, commit, url, version,
                     stage, sentence, began_at, moved_at, deployment, check_run, deployment_told,
                     commit_told, attempts,
                     exists(select from gateway.report later
                            where later.app = report.app and later.environment = report.environment
                              and later.number > report.number and later.commit = report.commit)
                     as "is_overtaken!""#,
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
         from gateway.report where state = 'waiting'",
    )
    .fetch_one(executor)
    .await
}

/// Writes what is known of a release: its commit, if it has one, and where the app answers.
pub(crate) async fn known(
    executor: impl PgExecutor<'_>,
    subject: Uuid,
    (commit, url): (Option<&CommitSha>, &str),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update gateway.report set commit = $2, url = $3 where subject = $1",
        subject,
        commit.map(CommitSha::as_str).unwrap_or_default(),
        url,
    )
    .execute(executor)
    .await?;
    pg::error::one_row("write what is known of a report", done.rows_affected())
}

/// Writes what was told so far.
pub(crate) async fn told(
    executor: impl PgExecutor<'_>,
    subject: Uuid,
    told: &Told,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update gateway.report
         set deployment = $2, check_run = $3, deployment_told = $4, commit_told = $5
         where subject = $1",
        subject,
        told.deployment,
        told.check_run,
        told.of_deployment,
        told.of_commit,
    )
    .execute(executor)
    .await?;
    pg::error::one_row("write what was told", done.rows_affected())
}

/// Everything of `version` was told. What happened meanwhile is due.
pub(crate) async fn done(pool: &PgPool, subject: Uuid, version: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update gateway.report
         set state = case when version = $2 then 'told' else state end, claimed_until = null,
             told_at = clock_timestamp(), last_error = ''
         where subject = $1",
        subject,
        version,
    )
    .execute(pool)
    .await
    .map(drop)
}

/// An attempt to tell `version` failed; the next comes after `pause`, and without one there is none, unless
/// something happened meanwhile.
pub(crate) async fn failed(
    pool: &PgPool,
    (subject, version): (Uuid, i64),
    error: &str,
    pause: Option<Duration>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update gateway.report
         set state = case when version = $2 and $4::float8 is null then 'failed' else state end,
             claimed_until = null, last_error = $3,
             wake_at = clock_timestamp() + make_interval(secs => coalesce($4, 0))
         where subject = $1",
        subject,
        version,
        error,
        pause.map(|pause| pause.as_secs_f64()),
    )
    .execute(pool)
    .await
    .map(drop)
}

/// What became of the reports of an app.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub waiting: i64,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    /// Of the last attempt, if that failed.
    pub last_error: String,
}

/// What became of the reports of `app`.
pub(crate) async fn state(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<State, sqlx::Error> {
    sqlx::query_as!(
        State,
        r#"select count(*) filter (where state = 'waiting') as "waiting!",
                  max(last_attempt_at) as last_attempt_at, max(told_at) as last_success_at,
                  coalesce((array_agg(last_error order by last_attempt_at desc nulls last))[1], '')
                  as "last_error!"
           from gateway.report where app = $1"#,
        app.as_str(),
    )
    .fetch_one(executor)
    .await
}

/// Deletes reports that nothing follows any more and that moved last more than `days` ago, at most `batch`; how many.
/// Of a release that is live something follows.
pub(crate) async fn delete_old(
    executor: impl PgExecutor<'_>,
    days: i32,
    batch: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from gateway.report where subject in (
           select subject from gateway.report
           where moved_at < now() - make_interval(days => $1)
             and state <> 'waiting'
             and (kind = 'build' or stage in ('bad', 'ended', 'replaced'))
           limit $2)",
        days,
        batch,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
