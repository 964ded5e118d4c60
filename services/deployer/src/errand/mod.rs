//! Errands: runs of jobs that no release waits for. What is due is a row, written with what makes it due; a worker
//! carries it out, and whatever comes of it, no release changes.

mod due;
mod run;

pub(crate) use due::{by_release, left_behind};
pub(crate) use run::run;

use crate::db::errand::{self, NewErrand};
use crate::db::release::Release;
use crate::job::{Due, Kind};
use chrono::{DateTime, Utc};
use events::{JobName, PrincipalName, ReleaseId, RunId};
use sqlx::PgConnection;
use uuid::Uuid;

/// One that somebody carries out.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    /// Also that of its run.
    pub(crate) id: RunId,
    pub(crate) release: ReleaseId,
    pub(crate) job: JobName,
    pub(crate) kind: Kind,
    /// What is added to the command.
    pub(crate) arguments: Vec<String>,
    /// What comes of it is released at the forge, too.
    pub(crate) publish: bool,
    /// In the words of who asked.
    pub(crate) why: String,
    pub(crate) asked_by: PrincipalName,
    pub(crate) created_at: DateTime<Utc>,
    /// Who carries it out: a name of its own for each claim.
    pub(crate) owner: Uuid,
}

/// Writes what `release` makes due, in the transaction that makes it so.
pub(crate) async fn make_due(
    connection: &mut PgConnection,
    release: &Release,
    due: Vec<Due>,
) -> Result<(), sqlx::Error> {
    for Due { job, kind } in &due {
        let new = NewErrand {
            id: RunId::new(service::new_id()),
            app: &release.app,
            environment: &release.environment,
            release: release.id,
            job,
            kind: *kind,
            arguments: &[],
            slot: None,
            asked_by: &release.origin.by,
            why: "",
        };
        errand::add(&mut *connection, &new).await?;
    }
    Ok(())
}
