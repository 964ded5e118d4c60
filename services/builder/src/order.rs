//! Newest wins, carried out: asks git where a ref is, and ends the builds that are no longer wanted.

use crate::app::App;
use crate::complete::cancel;
use crate::db;
use crate::failure::Stop;
use crate::run::Task;
use crate::run::source::{Commit, Source};
use crate::supersede::{Loss, losers, own_loss};
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
    for build in losers(&contenders, head) {
        cancel(app, build, Loss::Superseded.failure(git_ref)).await?;
    }
    Ok(())
}

/// Finds out whether a build whose commit was fetched is still wanted, and ends those that are not.
pub async fn judge(task: Task<'_>, commit: &Commit) -> Result<(), Stop> {
    let contender = task.build.contender();
    let head = commit.head.as_ref();
    let is_ahead = match head {
        Some(head) if contender.follows_head() && *head != contender.commit => {
            commit.mirror.is_ancestor(head, &contender.commit).await
        }
        _ => false,
    };
    if let Some(loss) = own_loss(&contender, head, is_ahead) {
        return Err(loss.stop(&contender.git_ref));
    }
    Ok(settle(task.app, &task.build.identity.app, &contender.git_ref, head).await?)
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
