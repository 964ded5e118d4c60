//! Sends files to the builder, which has the repository and may push, and hears where they are.

use super::stream::{Part, Unsent, stream};
use super::take::Files;
use crate::app::App;
use proto::v1::commit_files_request::Part as Message;
use proto::v1::{CommitFilesRequest, CommitFilesResponse, CommitHead, CommittedFile};

/// Commits `files` to the branch that `head` means.
pub(crate) async fn send(
    app: &App,
    head: &CommitHead,
    files: &Files,
) -> Result<CommitFilesResponse, Unsent> {
    let head = request(Message::Head(head.clone()));
    let mut builder = app.builder.clone();
    let call = move |request| async move { builder.commit_files(request).await };
    stream(app, files, (head, part), call).await
}

fn part(part: Part<'_>) -> CommitFilesRequest {
    request(match part {
        Part::File(path, file) => {
            let size = i64::try_from(file.size).ok();
            let (path, executable) = (path.to_owned(), file.executable);
            Message::File(CommittedFile { path, executable, size })
        }
        Part::Chunk(chunk) => Message::Chunk(chunk),
    })
}

fn request(message: Message) -> CommitFilesRequest {
    CommitFilesRequest { part: Some(message) }
}
