//! What the owner of a release knows of it beyond the event: its commit, who asked, the end of the log.

use super::excerpt::excerpt;
use super::{Message, links};
use crate::app::App;
use events::{CommitSha, GitRef, ReleaseId};
use proto::v1::{GetReleaseRequest, Release};
use std::time::Duration;

/// How long the deployer may take; a notification that comes is worth more than a complete one.
const LONGEST: Duration = Duration::from_secs(5);

/// `message` with what is known of its release and its commit.
pub(super) async fn complete(app: &App, repository: &str, message: Message) -> Message {
    let release = match message.release {
        Some(release) => release_of(app, release).await.unwrap_or_default(),
        None => Release::default(),
    };
    let commit = message.commit.clone().or_else(|| CommitSha::parse(&release.commit).ok());
    let told = |text: String| Some(text).filter(|text| !text.is_empty());
    Message {
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
    }
}

fn from(git_ref: &str) -> Option<String> {
    GitRef::parse(git_ref).ok().map(|git_ref| git_ref.name().to_owned())
}

async fn release_of(app: &App, release: ReleaseId) -> Option<Release> {
    let request = app.internal.request(GetReleaseRequest { name: format!("releases/{release}") });
    let mut releases = app.releases.clone();
    let answer = tokio::time::timeout(LONGEST, releases.get_release(request)).await;
    match answer {
        Ok(Ok(answer)) => answer.into_inner().release,
        Ok(Err(status)) => {
            tracing::debug!(release.id = %release, code = %status.code(), "told without its log");
            None
        }
        Err(_) => None,
    }
}
