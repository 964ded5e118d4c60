//! The log of a build as a stream that can be resumed at any line.

use crate::app::App;
use crate::db;
use crate::log::follow::Follower;
use events::BuildId;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use proto::v1::{WatchBuildLogRequest, WatchBuildLogResponse};
use service::grpc::status;
use std::sync::Arc;
use tonic::Status;

/// What a call is answered with.
pub(super) type Lines = BoxStream<'static, Result<WatchBuildLogResponse, Status>>;

/// Lines in one message.
const BATCH: i64 = 500;

struct Reader {
    app: Arc<App>,
    build: BuildId,
    next: i64,
    follow: bool,
    follower: Follower,
}

/// The lines from `offset` on and, when followed, those added until the build ends.
pub(super) fn lines(app: &Arc<App>, build: BuildId, request: &WatchBuildLogRequest) -> Lines {
    let reader = Reader {
        app: Arc::clone(app),
        build,
        next: request.offset,
        follow: request.follow,
        follower: app.hints.follow(),
    };
    stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(message)) => Some((Ok(message), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(status::database(&error)), None)),
        }
    })
    .boxed()
}

impl Reader {
    /// The next lines; nothing at the end. The state is read before the lines, so that none is missed
    /// when the build ends in between.
    async fn next(&mut self) -> Result<Option<WatchBuildLogResponse>, sqlx::Error> {
        loop {
            let row = db::build::find(&self.app.pool, self.build).await?;
            let ended = row.is_none_or(|row| row.ended_at.is_some());
            let found = db::build_log::read(&self.app.pool, self.build, self.next, BATCH).await?;
            if let (Some((first, _)), Some((last, _))) = (found.first(), found.last()) {
                self.next = last + 1;
                let offset = *first;
                let lines = found.into_iter().map(|(_, text)| text).collect();
                return Ok(Some(WatchBuildLogResponse { offset, lines }));
            }
            if ended || !self.follow {
                return Ok(None);
            }
            self.follower.wait().await;
        }
    }
}
