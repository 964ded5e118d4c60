//! `deployer.vote`: who agreed to a release, refused it, or put a freeze or a soak aside for it, and why.

use chrono::{DateTime, Utc};
use events::{PrincipalName, ReleaseId};
use sqlx::{PgConnection, PgExecutor};

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Approve,
    Refuse,
    OverrideFreeze,
    OverrideSoak,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::OverrideFreeze => "override_freeze",
            Self::OverrideSoak => "override_soak",
        }
    }

    fn parse(text: &str) -> Result<Self, sqlx::Error> {
        let all = [Self::Approve, Self::Refuse, Self::OverrideFreeze, Self::OverrideSoak];
        let found = all.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| sqlx::Error::Decode(format!("{text} is no kind of a vote").into()))
    }
}

/// A vote as it stands in the database.
#[derive(Debug, Clone)]
pub(crate) struct Vote {
    pub(crate) voter: PrincipalName,
    pub(crate) kind: Kind,
    pub(crate) reason: String,
    pub(crate) at: DateTime<Utc>,
}

/// Writes a vote; false when the same person decided so before.
pub(crate) async fn add(
    connection: &mut PgConnection,
    release: ReleaseId,
    (voter, kind): (&PrincipalName, Kind),
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.vote (release, voter, kind, reason) values ($1, $2, $3, $4)
         on conflict do nothing",
        release.uuid(),
        voter.as_str(),
        kind.as_str(),
        reason,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was decided about a release, the first first.
pub(crate) async fn of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Vote>, sqlx::Error> {
    let rows = sqlx::query!(
        "select voter, kind, reason, at from deployer.vote where release = $1 order by at, voter",
        release.uuid(),
    )
    .fetch_all(executor)
    .await?;
    let vote = |kind, voter: String, reason, at| Vote {
        voter: PrincipalName::new(&voter),
        kind,
        reason,
        at,
    };
    let votes = rows
        .into_iter()
        .map(|row| Ok(vote(Kind::parse(&row.kind)?, row.voter, row.reason, row.at)));
    votes.collect()
}

/// Whether somebody put the freeze aside for a release.
pub(crate) async fn overrides(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists(select from deployer.vote where release = $1 and kind = 'override_freeze')
           as "overrides!""#,
        release.uuid(),
    )
    .fetch_one(executor)
    .await
}
