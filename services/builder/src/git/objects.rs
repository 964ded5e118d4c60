//! Reads objects of a mirror through one `git cat-file --batch`.

use crate::git::command::{Git, GitError, Running};
use bytes::Bytes;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

/// Objects asked for in one go.
pub const AT_ONCE: usize = 256;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Git did not start.
    #[error("opening the objects of a mirror")]
    Open(#[from] GitError),
    /// The pipe to git broke.
    #[error("reading an object of a mirror")]
    Pipe(#[from] std::io::Error),
    /// It is too large to be what it should be.
    #[error("{name} has {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// The object as it was asked for.
        name: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
}

/// An open mirror.
#[derive(Debug)]
pub struct Objects {
    _running: Running,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

/// The start of an answer: what follows are `size` bytes and a newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Bytes of the object.
    pub size: u64,
}

impl Objects {
    /// Opens the mirror at `directory`.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        let git = Git::new(directory, "cat-file").arg("--batch-command").arg("--buffer");
        let mut running = git.spawn(Stdio::piped())?;
        let missing = || std::io::Error::other("git has no pipes");
        let ask = running.child.stdin.take().ok_or_else(missing)?;
        let answer = running.child.stdout.take().ok_or_else(missing)?;
        Ok(Self { _running: running, ask, answer: BufReader::new(answer) })
    }

    /// The object called `name` (an id or `commit:path`), whole; `None` when there is none.
    pub async fn read(&mut self, name: &str, limit: u64) -> Result<Option<Bytes>, ReadError> {
        if name.contains('\n') {
            return Ok(None);
        }
        self.ask([name]).await?;
        let Some(found) = self.next().await? else { return Ok(None) };
        if found.size > limit {
            let name = name.to_owned();
            return Err(ReadError::TooLarge { name, size: found.size, limit });
        }
        let mut content = vec![0; usize::try_from(found.size).unwrap_or(usize::MAX)];
        self.answer.read_exact(&mut content).await?;
        self.end().await?;
        Ok(Some(content.into()))
    }

    /// Asks for objects, which must then be taken with [`Self::next`] in the same order. At most
    /// [`AT_ONCE`], so that neither side waits for the other to read.
    pub async fn ask(&mut self, names: impl IntoIterator<Item = &str>) -> Result<(), ReadError> {
        let mut lines = String::new();
        for name in names.into_iter().take(AT_ONCE) {
            lines.push_str("contents ");
            lines.push_str(name);
            lines.push('\n');
        }
        lines.push_str("flush\n");
        self.ask.write_all(lines.as_bytes()).await?;
        Ok(self.ask.flush().await?)
    }

    /// The start of the next answer; its bytes are then in [`Self::content`].
    pub async fn next(&mut self) -> Result<Option<Found>, ReadError> {
        let mut header = Vec::new();
        self.answer.read_until(b'\n', &mut header).await?;
        let header = String::from_utf8_lossy(&header);
        if header.is_empty() {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        let size = header.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok());
        Ok(size.map(|size| Found { size }))
    }

    /// Where the bytes of an answer are read from.
    pub fn content(&mut self) -> &mut BufReader<ChildStdout> {
        &mut self.answer
    }

    /// Takes the byte that ends an answer.
    pub async fn end(&mut self) -> Result<(), ReadError> {
        self.answer.read_u8().await?;
        Ok(())
    }
}
