//! What of images the builder itself still needs.

use sqlx::PgExecutor;
use std::collections::BTreeSet;

/// Minutes in which a release is made of a build that ended, also on a busy machine.
const FRESH_MINUTES: i32 = 60;

/// Apps with a build that goes on.
pub async fn building(executor: impl PgExecutor<'_>) -> Result<BTreeSet<String>, sqlx::Error> {
    let apps =
        sqlx::query_scalar!("select distinct app from builder.build where state = 'running'");
    Ok(apps.fetch_all(executor).await?.into_iter().collect())
}

/// Digests of builds that ended a moment ago.
pub async fn fresh(executor: impl PgExecutor<'_>) -> Result<BTreeSet<String>, sqlx::Error> {
    let digests = sqlx::query_scalar!(
        "select distinct s.digest from builder.service s join builder.build b on b.id = s.build
         where b.ended_at > clock_timestamp() - make_interval(mins => $1)",
        FRESH_MINUTES,
    );
    Ok(digests.fetch_all(executor).await?.into_iter().collect())
}
