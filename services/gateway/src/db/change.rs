//! Table `change`.

use chrono::{DateTime, Utc};
use events::payload::ChangeCause;
use events::{AppName, ChangeId, CommitSha, DeliveryId, EnvironmentName, GitRef, PrincipalName};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A commit to build.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub id: ChangeId,
    pub app: AppName,
    pub git_ref: GitRef,
    pub commit: CommitSha,
    pub cause: ChangeCause,
    pub forced: bool,
    pub title: Option<String>,
    pub by: PrincipalName,
    pub delivery: Option<DeliveryId>,
    pub environments: Vec<EnvironmentName>,
    pub created_at: DateTime<Utc>,
}

/// The cause as a row and a person write it.
pub(crate) fn cause_text(cause: ChangeCause) -> &'static str {
    match cause {
        ChangeCause::Push => "push",
        ChangeCause::Tag => "tag",
        ChangeCause::Poll => "poll",
        ChangeCause::Manual => "manual",
        ChangeCause::Retrain => "retrain",
    }
}

/// A change as a list shows it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub id: Uuid,
    pub app: String,
    pub git_ref: String,
    pub commit: String,
    pub cause: String,
    pub title: String,
    pub by: String,
    pub created_at: DateTime<Utc>,
}

/// The newest change of an app.
pub(crate) async fn newest(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<Option<ChangeId>, sqlx::Error> {
    let newest = sqlx::query_scalar!(
        "select id from gateway.change where app = $1 order by id desc limit 1",
        app.as_str(),
    );
    Ok(newest.fetch_optional(executor).await?.map(ChangeId::new))
}

/// Writes a change that does not move the head of its ref.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    change: &Change,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into gateway.change
             (id, app, git_ref, commit, cause, forced, title, by, delivery, environments, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        change.id.uuid(),
        change.app.as_str(),
        change.git_ref.to_string(),
        change.commit.as_str(),
        cause_text(change.cause),
        change.forced,
        change.title.as_deref().unwrap_or_default(),
        change.by.as_str(),
        change.delivery.map(DeliveryId::uuid),
        &environments(change),
        change.created_at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("insert change", done.rows_affected())
}

pub(super) fn environments(change: &Change) -> Vec<String> {
    change.environments.iter().map(ToString::to_string).collect()
}

/// Changes of an app, newest first, before `before`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        "select id, app, git_ref, commit, cause, title, by, created_at from gateway.change
         where app = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        app.as_str(),
        before,
        limit,
    )
    .fetch_all(executor)
    .await
}

/// The same change as a list shows it.
pub(crate) fn listed(change: &Change) -> Listed {
    Listed {
        id: change.id.uuid(),
        app: change.app.to_string(),
        git_ref: change.git_ref.to_string(),
        commit: change.commit.to_string(),
        cause: cause_text(change.cause).to_owned(),
        title: change.title.clone().unwrap_or_default(),
        by: change.by.to_string(),
        created_at: change.created_at,
    }
}
