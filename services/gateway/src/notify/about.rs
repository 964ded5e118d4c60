//! What the owner of a release knows of it beyond the event: its commit, who asked, the end of the log.

use super::excerpt::excerpt;
use super::{Message, links};
use crate::app::App;
use chrono::{DateTime, TimeDelta, Utc};
use events::{CommitSha, GitRef, ReleaseId};
use manifest::Notice;
use proto::v1::{GetReleaseRequest, Release};
use std::time::Duration;
use tonic::{Code, Status};

/// How long the deployer may take; a notification that comes is worth more than a complete one.
const LONGEST: Duration = Duration::from_secs(5);
/// How long what people are asked is not told without its release: nobody could answer it, and it would never get
/// the page to do so.
const ASKS: TimeDelta = TimeDelta::minutes(10);

/// `message` with what is known of its release and its commit; or why it is to be told later.
pub(super) async fn complete(
    app: &App,
    repository: &str,
    message: Message,
) -> Result<Message, Box<Status>> {
    let release = match message.release {
        Some(id) => match release_of(app, id).await {
            Ok(release) => release,
            Err(status) if is_awaited(&message, &status, app.clock.now()) => return Err(status),
            Err(status) => {
                tracing::debug!(release.id = %id, code = %status.code(), "told without its log");
                Release::default()
            }
        },
        None => Release::default(),
    };
    let commit = message.commit.clone().or_else(|| CommitSha::parse(&release.commit).ok());
    let told = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(Message {
        link: commit.as_ref().and_then(|commit| links::commit(repository, commit)),
        commit,
        number: message.number.or(Some(release.number).filter(|number| *number > 0)),
        from: message.from.or_else(|| from(&release.git_ref)),
        by: message.by.or_else(|| told(release.by)),
        until: release
            .waiting
            .filter(|waiting| waiting.approvals_wanted > 0)
            .and_then(|_| release.deadline_time.as_ref().and_then(proto::time::from_timestamp)),
        excerpt: release.failure.map(|failure| excerpt(&failure.log_lines)).unwrap_or_default(),
        ..message
    })
}

/// Whether `message` waits for a release that the deployer did not show.
fn is_awaited(message: &Message, status: &Status, now: DateTime<Utc>) -> bool {
    let asks = message.notice == Notice::Approval && now - message.at < ASKS;
    asks && status.code() != Code::NotFound
}

fn from(git_ref: &str) -> Option<String> {
    GitRef::parse(git_ref).ok().map(|git_ref| git_ref.name().to_owned())
}

async fn release_of(app: &App, release: ReleaseId) -> Result<Release, Box<Status>> {
    let request = app.internal.request(GetReleaseRequest { name: format!("releases/{release}") });
    let mut releases = app.releases.clone();
    let answer = tokio::time::timeout(LONGEST, releases.get_release(request)).await;
    let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("it took too long")));
    Ok(answer.map_err(Box::new)?.into_inner().release.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::failed;

    fn waits(notice: Notice, code: Code, minutes: i64) -> bool {
        let message = Message { notice, ..failed() };
        let now = message.at + TimeDelta::minutes(minutes);
        is_awaited(&message, &Status::new(code, ""), now)
    }

    #[test]
    fn what_people_are_asked_waits_a_while_for_its_release() {
        assert!(waits(Notice::Approval, Code::Unavailable, 9));
        assert!(!waits(Notice::Approval, Code::Unavailable, 10));
        assert!(!waits(Notice::Approval, Code::NotFound, 0));
        assert!(!waits(Notice::Failed, Code::Unavailable, 0));
    }
}
