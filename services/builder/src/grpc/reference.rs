//! The reference of drift of data, out of the mirror: the file that the manifest of a commit names, and no other.

use super::database;
use crate::app::App;
use crate::db;
use crate::db::build::Row;
use crate::git::objects::{Objects, ReadError};
use crate::run::source::Source;
use events::{AppName, BuildId, CommitSha};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use proto::v1::ReadReferenceResponse;
use service::grpc::status;
use tokio::io::AsyncReadExt as _;
use tonic::Status;

/// What a call is answered with.
pub(super) type Bytes = BoxStream<'static, Result<ReadReferenceResponse, Status>>;

/// Bytes in one message.
const CHUNK: usize = 256 * 1024;
/// A reference is a sample: half a gigabyte of Parquet are hundreds of millions of values.
const LARGEST: u64 = 512 * 1024 * 1024;

/// A file that is being read.
struct Reading {
    objects: Objects,
    left: u64,
}

/// The file at the commit of `row`; without its bytes when it is the object that is `known`.
pub(super) async fn read(app: &App, row: Row, known: String) -> Result<Bytes, Status> {
    let path = path(app, &row).await?;
    let (mut objects, commit) = open(app, &row).await?;
    let name = format!("{commit}:{path}");
    objects.ask([name.as_str()]).await.map_err(|error| unreadable(&error))?;
    let found = objects.next().await.map_err(|error| unreadable(&error))?;
    let Some(found) = found else {
        let message = format!("commit {commit} has no file {path}");
        return Err(status::precondition("NO_REFERENCE", message));
    };
    if found.size > LARGEST {
        let message = format!("{path} has {} bytes, more than {LARGEST}", found.size);
        return Err(status::precondition("NO_REFERENCE", message));
    }
    let is_known = found.id == known;
    let first = ReadReferenceResponse { object: found.id, path, content: Vec::new() };
    let first = stream::once(std::future::ready(Ok(first)));
    if is_known {
        return Ok(first.boxed());
    }
    let reading = Reading { objects, left: found.size };
    let content = stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        match reading.next().await {
            Ok(None) => None,
            Ok(Some(content)) => {
                let next = ReadReferenceResponse { content, ..ReadReferenceResponse::default() };
                Some((Ok(next), Some(reading)))
            }
            Err(error) => Some((Err(unreadable(&error.into())), None)),
        }
    });
    Ok(first.chain(content).boxed())
}

impl Reading {
    async fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; usize::try_from(self.left).unwrap_or(CHUNK).min(CHUNK)];
        self.objects.content().read_exact(&mut chunk).await?;
        self.left -= chunk.len() as u64;
        Ok(Some(chunk))
    }
}

/// What the manifest of the commit says.
async fn path(app: &App, row: &Row) -> Result<String, Status> {
    let found = db::build::found(&app.pool, BuildId::new(row.id)).await.map_err(database)?;
    let manifest = manifest::parse(&found.manifest).ok();
    let data = manifest.as_ref().and_then(|manifest| manifest.drift.data.as_ref());
    let path = data.map(|data| data.reference.to_string());
    path.ok_or_else(|| {
        status::precondition("NO_REFERENCE", "the manifest of the commit names no reference")
    })
}

/// The mirror with the commit in it: a mirror may have been thrown away.
async fn open(app: &App, row: &Row) -> Result<(Objects, CommitSha), Status> {
    let name = AppName::parse(&row.app).map_err(|error| status::internal(&error))?;
    let commit = CommitSha::parse(&row.commit).map_err(|error| status::internal(&error))?;
    let source = Source::find(app, &name).await.map_err(|stop| {
        tracing::warn!(app = %name, ?stop, "a reference cannot be read now");
        status::unavailable("SOURCE_AWAY", "the repository of the app cannot be read now")
    })?;
    let directory = &source.mirror.directory;
    let mut objects = Objects::open(directory).map_err(|error| unreadable(&error))?;
    let is_there = objects.commit(commit.as_str()).await.map_err(|error| unreadable(&error))?;
    if is_there.is_none() {
        source.bring(&[], Some(&commit)).await.map_err(|error| unreadable(&error.into()))?;
        objects = Objects::open(directory).map_err(|error| unreadable(&error))?;
    }
    Ok((objects, commit))
}

fn unreadable(error: &ReadError) -> Status {
    tracing::warn!(error = service::chain(error), "a reference cannot be read now");
    status::unavailable("SOURCE_AWAY", "the repository of the app cannot be read now")
}
