//! The context as a tar, streamed from the objects of a mirror: no work tree, nothing held in memory but
//! one chunk.
//!
//! Every file carries the time of the commit, so that a time never makes two equal trees differ and a web
//! server never takes two different files for one.

use crate::git::objects::{AT_ONCE, Objects, ReadError};
use crate::git::tree::{Entry, Kind};
use bytes::Bytes;
use std::collections::HashSet;
use std::path::PathBuf;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

/// Bytes sent at a time.
const CHUNK: usize = 256 * 1024;
/// A tar is made of blocks of this size.
const BLOCK: u64 = 512;
/// A link target longer than this is not a link.
const LONGEST_TARGET: u64 = 4096;

/// What to stream.
#[derive(Debug)]
pub struct Context {
    /// The mirror.
    pub mirror: PathBuf,
    /// The files, with paths from the context.
    pub files: Vec<Entry>,
    /// A file that is not among them, as the Dockerfile of another directory.
    pub extra: Option<(String, Bytes)>,
    /// Seconds since 1970 of the commit.
    pub time: u64,
}

/// Why the context could not be streamed.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Git did not give an object.
    #[error("reading the files of the context")]
    Read(#[from] ReadError),
    /// A path or link does not fit into a tar.
    #[error("packing {path}")]
    Pack {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// An object of the commit is not in the mirror.
    #[error("{0} is not in the mirror")]
    Missing(String),
    /// Nobody wants the rest.
    #[error("the engine stopped reading the context")]
    NotWanted,
}

/// Streams `context` into `to`, to its end.
pub async fn stream(context: Context, to: mpsc::Sender<Bytes>) -> Result<(), StreamError> {
    let mut packer =
        Packer { to, time: context.time, directories: HashSet::new(), buffer: Vec::new() };
    if let Some((path, content)) = context.extra {
        packer.header(&path, Kind::File, content.len() as u64)?;
        packer.buffer.extend_from_slice(&content);
        packer.pad(content.len() as u64);
    }
    let mut objects = Objects::open(&context.mirror)?;
    let files: Vec<Entry> =
        context.files.into_iter().filter(|file| file.kind() != Kind::Submodule).collect();
    for files in files.chunks(AT_ONCE) {
        objects.ask(files.iter().map(|file| file.id.as_str())).await?;
        for file in files {
            packer.file(&mut objects, file).await?;
        }
    }
    packer.buffer.resize(packer.buffer.len() + 1024, 0);
    packer.send().await
}

struct Packer {
    to: mpsc::Sender<Bytes>,
    time: u64,
    directories: HashSet<String>,
    buffer: Vec<u8>,
}

impl Packer {
    async fn file(&mut self, objects: &mut Objects, file: &Entry) -> Result<(), StreamError> {
        let missing = || StreamError::Missing(file.path.clone());
        let size = objects.next().await?.ok_or_else(missing)?.size;
        if file.kind() == Kind::Link {
            self.link(objects, file, size).await?;
        } else {
            self.header(&file.path, file.kind(), size)?;
            self.content(objects, size).await?;
            self.pad(size);
        }
        objects.end().await?;
        if self.buffer.len() >= CHUNK { self.send().await } else { Ok(()) }
    }

    async fn content(&mut self, objects: &mut Objects, size: u64) -> Result<(), StreamError> {
        let mut left = size;
        while left > 0 {
            let wanted = left.min(CHUNK as u64);
            let mut part = objects.content().take(wanted);
            let read = part.read_buf(&mut self.buffer).await.map_err(ReadError::from)?;
            if read == 0 {
                let cut = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                return Err(ReadError::from(cut).into());
            }
            left -= read as u64;
            if self.buffer.len() >= CHUNK {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn link(
        &mut self,
        objects: &mut Objects,
        file: &Entry,
        size: u64,
    ) -> Result<(), StreamError> {
        let pack = |source| StreamError::Pack { path: file.path.clone(), source };
        if size > LONGEST_TARGET {
            return Err(pack(std::io::ErrorKind::InvalidInput.into()));
        }
        let mut target = vec![0; usize::try_from(size).unwrap_or_default()];
        objects.content().read_exact(&mut target).await.map_err(ReadError::from)?;
        self.parents(&file.path)?;
        let target = String::from_utf8_lossy(&target).into_owned();
        let mut header = self.blank(tar::EntryType::Symlink, 0o777, 0);
        let mut archive = tar::Builder::new(std::mem::take(&mut self.buffer));
        archive.append_link(&mut header, &file.path, &target).map_err(pack)?;
        self.buffer = std::mem::take(archive.get_mut());
        Ok(())
    }

    /// The start of a file or program of `size` bytes, after that of every directory above it.
    fn header(&mut self, path: &str, kind: Kind, size: u64) -> Result<(), StreamError> {
        self.parents(path)?;
        let mode = if kind == Kind::Program { 0o755 } else { 0o644 };
        let header = self.blank(tar::EntryType::Regular, mode, size);
        self.append(path, header)
    }

    fn parents(&mut self, path: &str) -> Result<(), StreamError> {
        for (at, _) in path.match_indices('/') {
            let directory = &path[..at];
            if self.directories.insert(directory.to_owned()) {
                let header = self.blank(tar::EntryType::Directory, 0o755, 0);
                self.append(&format!("{directory}/"), header)?;
            }
        }
        Ok(())
    }

    fn blank(&self, kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_mtime(self.time);
        header.set_uid(0);
        header.set_gid(0);
        header
    }

    fn append(&mut self, path: &str, mut header: tar::Header) -> Result<(), StreamError> {
        let pack = |source| StreamError::Pack { path: path.to_owned(), source };
        let mut archive = tar::Builder::new(std::mem::take(&mut self.buffer));
        archive.append_data(&mut header, path, std::io::empty()).map_err(pack)?;
        self.buffer = std::mem::take(archive.get_mut());
        Ok(())
    }

    fn pad(&mut self, size: u64) {
        let padding = usize::try_from((BLOCK - size % BLOCK) % BLOCK).unwrap_or_default();
        self.buffer.resize(self.buffer.len() + padding, 0);
    }

    async fn send(&mut self) -> Result<(), StreamError> {
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        self.to.send(chunk).await.map_err(|_closed| StreamError::NotWanted)
    }
}
