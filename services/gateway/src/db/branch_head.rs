//! Table `branch_head`: where each branch and tag was last seen. It is written by `arrival`.

use super::parsed;
use crate::order::Head;
use events::{AppName, ChangeId, CommitSha, DeliveryId, GitRef, SourceName};
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeMap;

/// Where a ref was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    pub head: Head,
    /// Of the row; 0 when there is none.
    pub version: i64,
    /// The newest change of the app.
    pub newest: Option<ChangeId>,
}

/// A ref as a look at the remote compares it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub commit: Option<CommitSha>,
    pub version: i64,
    /// Seconds since the row was written.
    pub age: f64,
}

fn head(commit: Option<&str>, trail: serde_json::Value) -> Result<Head, sqlx::Error> {
    Ok(Head {
        commit: commit.map(parsed).transpose()?,
        trail: serde_json::from_value(trail).map_err(|error| sqlx::Error::Decode(error.into()))?,
    })
}

/// Where a ref was last seen, and whether a delivery was received before, in one question.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    git_ref: &GitRef,
    delivery: Option<(&SourceName, &str)>,
) -> Result<(Seen, Option<DeliveryId>), sqlx::Error> {
    let row = sqlx::query!(
        r#"select head.commit as "commit?", head.trail as "trail?", head.version as "version?",
                  delivery.id as "first?",
                  (select id from gateway.change where app = $1 order by id desc limit 1) as newest
           from (select 1) as one
           left join gateway.branch_head as head on head.app = $1 and head.git_ref = $2
           left join gateway.delivery on delivery.source = $3 and delivery.external_id = $4"#,
        app.as_str(),
        git_ref.to_string(),
        delivery.map(|(source, _)| source.as_str()),
        delivery.map(|(_, external_id)| external_id),
    )
    .fetch_one(executor)
    .await?;
    let newest = row.newest.map(ChangeId::new);
    let seen = match (row.trail, row.version) {
        (Some(trail), Some(version)) => {
            Seen { head: head(row.commit.as_deref(), trail)?, version, newest }
        }
        _ => Seen { newest, ..Seen::default() },
    };
    Ok((seen, row.first.map(DeliveryId::new)))
}

/// Every ref of an app that was ever seen.
pub(crate) async fn all(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<BTreeMap<GitRef, Known>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select git_ref, commit, version,
                  extract(epoch from clock_timestamp() - moved_at)::float8 as "age!"
           from gateway.branch_head where app = $1"#,
        app.as_str(),
    )
    .fetch_all(executor)
    .await?;
    rows.iter()
        .map(|row| {
            let commit = row.commit.as_deref().map(parsed).transpose()?;
            Ok((parsed(&row.git_ref)?, Known { commit, version: row.version, age: row.age }))
        })
        .collect()
}

/// Records refs as seen without anything following from it; forgets what was seen before.
pub(crate) async fn replace_all(
    connection: &mut PgConnection,
    app: &AppName,
    heads: &BTreeMap<GitRef, CommitSha>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from gateway.branch_head where app = $1", app.as_str())
        .execute(&mut *connection)
        .await?;
    let refs: Vec<String> = heads.keys().map(ToString::to_string).collect();
    let commits: Vec<String> = heads.values().map(ToString::to_string).collect();
    let trail = serde_json::to_value(crate::order::Trail::default())
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    let done = sqlx::query!(
        "insert into gateway.branch_head (app, git_ref, commit, trail)
         select $1, git_ref, commit, $4 from unnest($2::text[], $3::text[]) as t (git_ref, commit)",
        app.as_str(),
        &refs,
        &commits,
        trail,
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == refs.len() as u64 {
        return Ok(());
    }
    Err(sqlx::Error::Protocol("record heads: wrote another number of rows".to_owned()))
}
