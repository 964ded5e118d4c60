//! Table `builder.build`: who works on what has not ended. Only the database's clock decides.

use super::build::{Identity, IdentityRow, unreadable};
use crate::supersede::Contender;
use events::payload::ChangeCause;
use events::{AppName, BuildId, EnvironmentName, GitRef};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Seconds after which a builder that says nothing has lost its build: how long a build stands still after its
/// builder was killed. Several renewals fit.
const LEASE: f64 = 6.0;

/// A build that this builder works on.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// What it builds.
    pub identity: Identity,
    /// Why it exists.
    pub cause: ChangeCause,
    /// First line of the commit message.
    pub title: Option<String>,
    /// Only these environments; empty means all that track the ref.
    pub wanted: Vec<EnvironmentName>,
    /// Counts how often its worker went away without a word.
    pub attempt: i32,
    /// Seconds since it was asked for.
    pub age: f64,
    /// The proof of holding the lease.
    pub epoch: i64,
    /// The trace of what asked for it.
    pub traceparent: Option<String>,
    /// It waited for something and is looked at again.
    pub again: bool,
}

impl Claimed {
    /// The build as one of those of its ref.
    pub fn contender(&self) -> Contender {
        let Identity { id, change, git_ref, commit, .. } = self.identity.clone();
        Contender { build: id, change, git_ref, commit, cause: self.cause }
    }

    /// The build and the proof.
    pub fn key(&self) -> (BuildId, i64) {
        (self.identity.id, self.epoch)
    }
}

/// Takes the oldest build that waits for a worker, or whose worker is gone.
pub async fn claim(
    connection: &mut PgConnection,
    owner: Uuid,
) -> Result<Option<Claimed>, sqlx::Error> {
    let row = sqlx::query!(
        r#"with next as (
            select id, state from builder.build
            where state = 'queued'
                or (state = 'running' and lease_until < clock_timestamp())
                or (state = 'blocked' and retry_at < clock_timestamp())
            order by created_at for update skip locked limit 1)
         update builder.build b set state = 'running', reason = null, message = null, retry_at = null,
            attempt = attempt + case when next.state = 'running' then 1 else 0 end,
            started_at = coalesce(started_at, clock_timestamp()), lease_owner = $1,
            lease_epoch = lease_epoch + 1,
            lease_until = clock_timestamp() + make_interval(secs => $2)
         from next where b.id = next.id
         returning b.id, change, app, git_ref, commit, cause, title, wanted_environments, attempt,
            lease_epoch, traceparent, next.state <> 'queued' as "again!",
            extract(epoch from clock_timestamp() - created_at)::float8 as "age!""#,
        owner,
        LEASE,
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
    let wanted = row.wanted_environments.iter().map(|name| EnvironmentName::parse(name));
    Ok(Some(Claimed {
        identity: identity.try_into()?,
        cause: cause(&row.cause)?,
        title: row.title,
        wanted: wanted.collect::<Result<_, _>>().map_err(unreadable)?,
        attempt: row.attempt,
        age: row.age,
        epoch: row.lease_epoch,
        traceparent: row.traceparent,
        again: row.again,
    }))
}

/// Keeps the lease; false when it is lost or the build has ended.
pub async fn renew(
    executor: impl PgExecutor<'_>,
    (id, epoch): (BuildId, i64),
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update builder.build set lease_until = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and state = 'running' and lease_epoch = $2",
        id.uuid(),
        epoch,
        LEASE,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a build back, for another worker to take at once.
pub async fn give_back(
    executor: impl PgExecutor<'_>,
    (id, epoch): (BuildId, i64),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update builder.build set state = 'queued', lease_until = null
         where id = $1 and state = 'running' and lease_epoch = $2",
        id.uuid(),
        epoch,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Lets a build wait for better times.
pub async fn block(
    executor: impl PgExecutor<'_>,
    (id, epoch): (BuildId, i64),
    failure: &crate::failure::Failure,
    seconds: f64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update builder.build set state = 'blocked', reason = $3, message = $4, lease_until = null,
            retry_at = clock_timestamp() + make_interval(secs => $5)
         where id = $1 and state = 'running' and lease_epoch = $2",
        id.uuid(),
        epoch,
        failure.reason.as_str(),
        failure.message,
        seconds,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Every build of a ref that has not ended.
pub async fn contenders(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    git_ref: &GitRef,
) -> Result<Vec<Contender>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, change, commit, cause from builder.build
         where app = $1 and git_ref = $2 and state in ('queued', 'running', 'blocked')",
        app.as_str(),
        git_ref.to_string(),
    )
    .fetch_all(executor)
    .await?;
    let contender = |id, change, commit: &str, why: &str| {
        Ok(Contender {
            build: BuildId::new(id),
            change: events::ChangeId::new(change),
            git_ref: git_ref.clone(),
            commit: events::CommitSha::parse(commit).map_err(unreadable)?,
            cause: cause(why)?,
        })
    };
    rows.iter().map(|row| contender(row.id, row.change, &row.commit, &row.cause)).collect()
}

/// A cause as the column has it.
pub(super) fn cause_text(cause: ChangeCause) -> &'static str {
    match cause {
        ChangeCause::Push => "push",
        ChangeCause::Tag => "tag",
        ChangeCause::Poll => "poll",
        ChangeCause::Manual => "manual",
        ChangeCause::Retrain => "retrain",
    }
}

fn cause(text: &str) -> Result<ChangeCause, sqlx::Error> {
    use ChangeCause::{Manual, Poll, Push, Retrain, Tag};
    let all = [Push, Tag, Poll, Manual, Retrain];
    let unknown = || sqlx::Error::Decode(format!("unknown cause {text:?}").into());
    all.into_iter().find(|cause| cause_text(*cause) == text).ok_or_else(unknown)
}
