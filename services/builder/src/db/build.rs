//! Table `builder.build`: what is read of a build, and how it begins and ends.

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use events::{AppName, BuildId, ChangeId, CommitSha, EnvironmentName, GitRef};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A row, as people and services see it.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub app: String,
    pub change: Uuid,
    pub git_ref: String,
    pub commit: String,
    pub title: Option<String>,
    pub cause: String,
    pub pushed_by: String,
    pub state: String,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub failed_service: Option<String>,
    pub exit_code: Option<i32>,
    pub log_tail: Vec<String>,
    pub environments: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// A build about to exist.
#[derive(Debug, Clone)]
pub struct New {
    /// Its id.
    pub id: BuildId,
    /// The event that asked for it.
    pub pushed: events::payload::SourcePushedV1,
    /// The trace of that event.
    pub traceparent: Option<String>,
}

/// What every event about a build says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The build.
    pub id: BuildId,
    /// Its change.
    pub change: ChangeId,
    /// Its app.
    pub app: AppName,
    /// Branch or tag.
    pub git_ref: GitRef,
    /// The commit.
    pub commit: CommitSha,
}

/// The columns of [`Identity`].
#[derive(Debug)]
pub struct IdentityRow {
    pub id: Uuid,
    pub change: Uuid,
    pub app: String,
    pub git_ref: String,
    pub commit: String,
}

impl TryFrom<IdentityRow> for Identity {
    type Error = sqlx::Error;

    fn try_from(row: IdentityRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: BuildId::new(row.id),
            change: ChangeId::new(row.change),
            app: AppName::parse(&row.app).map_err(unreadable)?,
            git_ref: GitRef::parse(&row.git_ref).map_err(unreadable)?,
            commit: CommitSha::parse(&row.commit).map_err(unreadable)?,
        })
    }
}

/// A column that does not hold what it must.
pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// Queues a build; false when its change has one already.
pub async fn insert(connection: &mut PgConnection, new: &New) -> Result<bool, sqlx::Error> {
    let pushed = &new.pushed;
    let wanted: Vec<String> = pushed.environments.iter().map(ToString::to_string).collect();
    let done = sqlx::query!(
        "insert into builder.build (id, app, change, git_ref, commit, title, cause, pushed_by,
            wanted_environments, traceparent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (change) do nothing",
        new.id.uuid(),
        pushed.app.as_str(),
        pushed.change.uuid(),
        pushed.git_ref.to_string(),
        pushed.commit.as_str(),
        pushed.title,
        super::waiting::cause_text(pushed.cause),
        pushed.by.as_str(),
        &wanted,
        new.traceparent,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One build.
pub async fn find(executor: impl PgExecutor<'_>, id: BuildId) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, app, change, git_ref, commit, title, cause, pushed_by, state, reason, message,
            failed_service, exit_code, log_tail, environments, created_at, started_at, ended_at
         from builder.build where id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await
}

/// What was found in the commit of a build; empty before.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// `slipway.yaml` at the commit.
    pub manifest: String,
    /// The one that gives the policy.
    pub policy: String,
    /// sha256 of what jobs had committed.
    pub model: String,
}

/// What was found in the commit of a build.
pub async fn found(executor: impl PgExecutor<'_>, id: BuildId) -> Result<Found, sqlx::Error> {
    let row =
        sqlx::query!("select manifest, policy, model from builder.build where id = $1", id.uuid())
            .fetch_optional(executor)
            .await?;
    let found = row.map(|row| Found {
        manifest: row.manifest.unwrap_or_default(),
        policy: row.policy.unwrap_or_default(),
        model: row.model.unwrap_or_default(),
    });
    Ok(found.unwrap_or_default())
}

/// Records what a running build found of a model. Whoever lost the build is told by its next step.
pub async fn found_model(
    executor: impl PgExecutor<'_>,
    (id, epoch): (BuildId, i64),
    model: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update builder.build set model = $3
         where id = $1 and state = 'running' and lease_epoch = $2",
        id.uuid(),
        epoch,
        model,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Which builds a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of these apps; `None` means of every app.
    pub apps: Option<Vec<String>>,
    /// Only of this change.
    pub change: Option<Uuid>,
    /// Only older than this one.
    pub before: Option<Uuid>,
}

/// Builds, the newest first.
pub async fn list(
    executor: impl PgExecutor<'_>,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, app, change, git_ref, commit, title, cause, pushed_by, state, reason, message,
            failed_service, exit_code, log_tail, environments, created_at, started_at, ended_at
         from builder.build
         where ($1::text[] is null or app = any($1)) and ($2::uuid is null or change = $2)
            and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        filter.apps.as_deref(),
        filter.change,
        filter.before,
        limit,
    )
    .fetch_all(executor)
    .await
}

/// How a build ended, as columns.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// `succeeded`, `failed`, `cancelled` or `skipped`.
    pub state: &'static str,
    /// Why, unless it succeeded.
    pub failure: Option<&'a Failure>,
    /// The last lines of the log.
    pub log_tail: &'a [String],
}

/// Ends a build that has not ended. With an epoch only for who holds the lease of that epoch. Returns
/// nothing when it was not there to be ended.
pub async fn end(
    connection: &mut PgConnection,
    id: BuildId,
    epoch: Option<i64>,
    end: End<'_>,
) -> Result<Option<(Identity, Vec<String>)>, sqlx::Error> {
    let row = sqlx::query!(
        "update builder.build set state = $3, reason = $4, message = $5, failed_service = $6,
            exit_code = $7, log_tail = $8, ended_at = clock_timestamp(), lease_until = null, retry_at = null
         where id = $1 and state in ('queued', 'running', 'blocked')
            and ($2::bigint is null or (state = 'running' and lease_epoch = $2))
         returning id, change, app, git_ref, commit, environments",
        id.uuid(),
        epoch,
        end.state,
        end.failure.map(|failure| failure.reason.as_str()),
        end.failure.map(|failure| failure.message.as_str()),
        end.failure.and_then(|failure| failure.service.as_ref()).map(AsRef::as_ref),
        end.failure.and_then(|failure| failure.exit_code),
        end.log_tail,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let identity = IdentityRow {
        id: row.id,
        change: row.change,
        app: row.app,
        git_ref: row.git_ref,
        commit: row.commit,
    };
    Ok(Some((identity.try_into()?, row.environments)))
}

/// Records what a running build found in git.
pub async fn planned(
    executor: impl PgExecutor<'_>,
    (id, epoch): (BuildId, i64),
    (manifest, policy): (&str, &str),
    environments: &[EnvironmentName],
) -> Result<bool, sqlx::Error> {
    let environments: Vec<String> = environments.iter().map(ToString::to_string).collect();
    let done = sqlx::query!(
        "update builder.build set manifest = $3, policy = $4, environments = $5
         where id = $1 and state = 'running' and lease_epoch = $2",
        id.uuid(),
        epoch,
        manifest,
        policy,
        &environments,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}
