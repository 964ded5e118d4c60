//! Streams what a run made to the service that asks for it, and hears what that made of it.

use super::take::{Files, Taken};
use crate::app::App;
use ::release::Failure;
use service::grpc::status;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

/// How long one attempt may take: to fetch and to push several times, or to upload.
const LIMIT: Duration = Duration::from_mins(10);
/// Bytes in one message.
const CHUNK: usize = 256 * 1024;
/// Messages ahead of a service that is slower.
const AHEAD: usize = 4;

/// Why the files are not where they should be.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// It may do well later.
    Later(String),
    /// It never will.
    Never(Failure),
}

/// What comes after the head: a file, then its content in as many chunks as it takes.
pub(super) enum Part<'a> {
    File(&'a str, &'a Taken),
    Chunk(Vec<u8>),
}

/// Calls with `head` and all `files`, each part as the `message` of that call; the answer.
pub(super) async fn stream<M, A, F>(
    app: &App,
    files: &Files,
    (head, message): (M, impl Fn(Part<'_>) -> M + Send + 'static),
    call: impl FnOnce(Request<ReceiverStream<M>>) -> F,
) -> Result<A, Unsent>
where
    M: Send + 'static,
    F: Future<Output = Result<Response<A>, Status>>,
{
    let (sender, receiver) = mpsc::channel(AHEAD);
    let mut request = app.internal.request(ReceiverStream::new(receiver));
    request.set_timeout(LIMIT);
    let files = files.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let send = |message| sender.blocking_send(message).is_ok();
        if !send(head) {
            return Ok(());
        }
        let send = |part: Part<'_>| send(message(part));
        files.iter().try_for_each(|(path, file)| read(path, file, send))
    });
    let answer = call(request).await;
    // A file that could not be read to its end must not be taken as if it were whole.
    let read = reading.await.map_err(std::io::Error::other).flatten();
    read.map_err(|error| Unsent::Later(format!("reading what the job made: {error}")))?;
    answer.map(Response::into_inner).map_err(|status| unsent(&status))
}

/// Sends one file; who does not listen any more says why himself.
fn read(path: &str, file: &Taken, send: impl Fn(Part<'_>) -> bool) -> std::io::Result<()> {
    let (mut at, mut listens) = (0, send(Part::File(path, file)));
    while listens && at < file.size {
        let chunk = file.read(at, CHUNK)?;
        at += chunk.len() as u64;
        listens = send(Part::Chunk(chunk));
    }
    Ok(())
}

fn unsent(refused: &Status) -> Unsent {
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
