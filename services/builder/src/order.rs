//! Newest wins, carried out: asks git where a ref is, and ends the builds that are no longer wanted.

use crate::app::App;
use crate::complete::cancel;
use crate::db;
use crate::failure::Reason;
use crate::run::source::Source;
use crate::supersede::{Loss, losers};
use events::{AppName, CommitSha, GitRef};
use std::sync::Arc;

/// Ends every build of the ref that has lost, now that `head` is known to be its commit at the remote.
pub async fn settle(
    app: &App,
    name: &AppName,
    git_ref: &GitRef,
    head: Option<&CommitSha>,
) -> Result<(), sqlx::Error> {
    let contenders = db::waiting::contenders(&app.pool, name, git_ref).await?;
    for (build, loss) in losers(&contenders, head) {
        let (reason, message) = match loss {
            Loss::Superseded => {
                (Reason::Superseded, format!("{} is at a newer commit", git_ref.name()))
            }
            Loss::RefDeleted => (Reason::RefDeleted, format!("{} was deleted", git_ref.name())),
        };
        cancel(app, build, reason, &message).await?;
    }
    Ok(())
}

/// Settles a ref that has several unfinished builds, without waiting for a free slot. Only for speed: the
/// same happens when a build runs.
pub fn contest(app: &Arc<App>, name: AppName, git_ref: GitRef) {
    let inner = Arc::clone(app);
    app.tasks.spawn(async move {
        let source = match Source::find(&inner, &name).await {
            Ok(source) => source,
            Err(_told_by_the_build) => return,
        };
        match source.head(&git_ref).await {
            Ok(head) => {
                if let Err(error) = settle(&inner, &name, &git_ref, head.as_ref()).await {
                    tracing::warn!(%error, app = %name, "could not end superseded builds yet");
                }
            }
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, app = %name, "could not ask for a head yet");
            }
        }
    });
}
