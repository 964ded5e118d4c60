//! Tells what is due, one report or issue after the other: GitHub asks for one write at a time. Each is claimed for some
//! minutes; who is killed meanwhile leaves it to the next.

use super::Due;
use super::tell::{NotTold, tell};
use crate::app::App;
use crate::db::{issue, report};
use crate::issue as issues;
use crate::notify::pause;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest sleep; what is kept wakes, and what is due is slept for.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The pause after a database that did not answer.
const ANEW: Duration = Duration::from_secs(2);

/// Tells until `cancel`, and ends what it began; at once when there is no GitHub to tell.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    if app.github.is_none() {
        return;
    }
    while !cancel.is_cancelled() {
        let sleep = match turn(&app).await {
            Ok(true) => continue,
            Ok(false) => until_due(&app).await,
            Err(error) => {
                tracing::warn!(error = service::chain(&error), "reports wait");
                ANEW
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = app.reporting.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Tells what is due first; false when nothing is.
async fn turn(app: &App) -> Result<bool, sqlx::Error> {
    if let Some(due) = report::claim(&app.pool).await? {
        attempt(app, due).await;
        return Ok(true);
    }
    let Some(due) = issue::claim(&app.pool).await? else { return Ok(false) };
    file(app, &due).await;
    Ok(true)
}

async fn until_due(app: &App) -> Duration {
    let due_in = async || {
        Ok::<_, sqlx::Error>([report::due_in(&app.pool).await?, issue::due_in(&app.pool).await?])
    };
    match due_in().await {
        Ok(all) => all.into_iter().flatten().fold(LONGEST_SLEEP, |sleep, seconds| {
            sleep.min(Duration::from_secs_f64(seconds.max(0.05)))
        }),
        Err(_) => ANEW,
    }
}

async fn file(app: &App, due: &issues::Due) {
    let (place, attempts) = (format!("{}/{}", due.app, due.environment), due.attempts);
    let Err(error) = issues::tell(app, due).await else {
        tracing::debug!(place, due.is_open, "the issue of drift is as it should be");
        return;
    };
    let next = next(&error, attempts, rand::random());
    let error = service::chain(&error);
    tracing::warn!(place, attempts, error, "GitHub has no issue of drift yet");
    if let Err(error) = issue::failed(&app.pool, due, &error, next).await {
        tracing::warn!(error = service::chain(&error), "what became of an issue is not recorded");
    }
}

async fn attempt(app: &App, mut due: Due) {
    let (subject, version) = (due.subject.id(), due.version);
    let recorded = match tell(app, &mut due).await {
        Ok(()) => {
            let stage = due.stage.as_str();
            tracing::debug!(app = %due.app, report.subject = %subject, stage, "GitHub is told");
            report::done(&app.pool, subject, version).await
        }
        Err(error) => {
            let next = next(&error, due.attempts, rand::random());
            let error = service::chain(&error);
            tracing::warn!(app = %due.app, report.subject = %subject, attempts = due.attempts, error, "GitHub is not told");
            report::failed(&app.pool, (subject, version), &error, next).await
        }
    };
    if let Err(error) = recorded {
        tracing::warn!(error = service::chain(&error), "what became of a report is not recorded");
    }
}

/// The pause before the next attempt; nothing when it was the last.
fn next(error: &NotTold, attempts: i32, jitter: f64) -> Option<Duration> {
    let NotTold::GitHub(error) = error else {
        // Our own are back soon.
        return Some(ANEW);
    };
    if error.is_final() {
        return None;
    }
    let asked = error.pause();
    // To be asked for a pause is no failure.
    asked.or_else(|| pause(attempts, jitter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::GitHubError;
    use http::StatusCode;

    fn after(error: GitHubError, attempts: i32) -> Option<u64> {
        next(&error.into(), attempts, 0.0).map(|pause| pause.as_secs())
    }

    fn refused(status: StatusCode) -> GitHubError {
        GitHubError::Refused { status, said: String::new() }
    }

    #[test]
    fn what_may_go_well_later_is_tried_on_the_schedule_of_notifications() {
        assert_eq!(after(refused(StatusCode::BAD_GATEWAY), 1), Some(5));
        assert_eq!(after(refused(StatusCode::FORBIDDEN), 2), Some(300));
        assert_eq!(after(refused(StatusCode::NOT_FOUND), 10), None);
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again_and_a_pause_is_kept_to() {
        assert_eq!(after(refused(StatusCode::UNPROCESSABLE_ENTITY), 1), None);
        assert_eq!(after(GitHubError::NotNow(Duration::from_secs(77)), 20), Some(77));
    }
}
