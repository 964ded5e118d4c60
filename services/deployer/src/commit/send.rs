//! Sends files to the builder, which has the repository and may push, and hears where they are.

use super::take::{Files, Taken};
use crate::app::App;
use ::release::Failure;
use proto::v1::commit_files_request::Part;
use proto::v1::{CommitFilesRequest, CommitFilesResponse, CommitHead, CommittedFile};
use service::grpc::status;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

/// How long the builder may take: to fetch and to push, several times.
const LIMIT: Duration = Duration::from_mins(10);
/// Bytes in one message.
pub(super) const CHUNK: usize = 256 * 1024;
/// Messages ahead of a builder that is slower.
const AHEAD: usize = 4;

/// Why the files are not on their branch.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// It may do well later.
    Later(String),
    /// It never will.
    Never(Failure),
}

/// Commits `files` to the branch that `head` means.
pub(crate) async fn send(
    app: &App,
    head: &CommitHead,
    files: &Files,
) -> Result<CommitFilesResponse, Unsent> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let mut request = app.internal.request(ReceiverStream::new(receiver));
    request.set_timeout(LIMIT);
    let (head, files) = (head.clone(), files.clone());
    let mut builder = app.builder.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let send = |part| sender.blocking_send(CommitFilesRequest { part: Some(part) }).is_ok();
        if !send(Part::Head(head)) {
            return Ok(());
        }
        files.iter().try_for_each(|(path, file)| read(path, file, send))
    });
    let answer = builder.commit_files(request).await;
    // A file that could not be read to its end must not be committed as if it were whole.
    let read = reading.await.map_err(std::io::Error::other).flatten();
    read.map_err(|error| Unsent::Later(format!("reading what the job made: {error}")))?;
    answer.map(tonic::Response::into_inner).map_err(|status| unsent(&status))
}

/// Sends one file; who does not listen any more says why himself.
fn read(path: &str, file: &Taken, send: impl Fn(Part) -> bool) -> std::io::Result<()> {
    let name = CommittedFile { path: path.to_owned(), executable: file.executable };
    let (mut at, mut listens) = (0, send(Part::File(name)));
    while listens && at < file.size {
        let chunk = file.read(at, CHUNK)?;
        at += chunk.len() as u64;
        listens = send(Part::Chunk(chunk));
    }
    Ok(())
}

pub(super) fn unsent(refused: &Status) -> Unsent {
    let reason = status::reason(refused).unwrap_or_else(|| "COMMIT_FAILED".to_owned());
    let is_final = matches!(
        refused.code(),
        Code::FailedPrecondition
            | Code::InvalidArgument
            | Code::NotFound
            | Code::PermissionDenied
            | Code::Unimplemented
    );
    if is_final {
        Unsent::Never(Failure::new(reason, refused.message()))
    } else {
        Unsent::Later(format!("{reason}: {}", refused.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_what_cannot_is_told() {
        let Unsent::Never(failure) = unsent(&status::precondition("PUSH_REFUSED", "no")) else {
            panic!("a branch that is protected stays so");
        };
        assert_eq!(failure.to_string(), "PUSH_REFUSED: no");
        for passing in [status::unavailable("FETCH_FAILED", "away"), Status::unknown("broken")] {
            assert!(matches!(unsent(&passing), Unsent::Later(_)), "{passing:?}");
        }
    }
}
