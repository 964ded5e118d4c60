//! Reads objects of a mirror through one `git cat-file --batch`.

use crate::git::command::{Git, GitError, Running};
use bytes::Bytes;
use events::CommitSha;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

/// A commit message longer than this is not one.
const LARGEST_COMMIT: u64 = 1024 * 1024;
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
    /// It is too large to be what it should be; nothing more can be read after it.
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

/// What is read of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitSha,
    /// When it was made, in seconds since 1970.
    pub time: u64,
    /// What its author says about it.
    pub message: String,
}

/// The start of an answer: what follows are `size` bytes and a newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The object.
    pub id: String,
    /// Its bytes.
    pub size: u64,
}

impl Objects {
    /// Opens the mirror at `directory`.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        let git = Git::new(directory, "cat-file").arg("--batch-command").arg("--buffer");
        let mut running = git.spawn(Stdio::piped())?;
        let (ask, answer) =
            running.pipes().ok_or_else(|| std::io::Error::other("git has no pipes"))?;
        Ok(Self { _running: running, ask, answer: BufReader::new(answer) })
    }

    /// The object called `name` (an id or `commit:path`), whole; `None` when there is none.
    pub async fn read(&mut self, name: &str, limit: u64) -> Result<Option<Bytes>, ReadError> {
        Ok(self.read_with_id(name, limit).await?.map(|(_, content)| content))
    }

    /// The same with its id.
    pub async fn read_with_id(
        &mut self,
        name: &str,
        limit: u64,
    ) -> Result<Option<(String, Bytes)>, ReadError> {
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
        Ok(Some((found.id, content.into())))
    }

    /// The commit called `name`.
    pub async fn commit(&mut self, name: &str) -> Result<Option<Commit>, ReadError> {
        let found = self.read_with_id(&format!("{name}^{{commit}}"), LARGEST_COMMIT).await?;
        let Some((id, text)) = found else { return Ok(None) };
        let text = String::from_utf8_lossy(&text);
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let committer = head.lines().find(|line| line.starts_with("committer "));
        let time = committer.and_then(|line| line.rsplit(' ').nth(1)?.parse().ok());
        let commit =
            |id| Commit { id, time: time.unwrap_or_default(), message: message.to_owned() };
        Ok(CommitSha::parse(&id).ok().map(commit))
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
        let mut words = header.trim_end().split(' ');
        let (id, size) = (words.next().unwrap_or_default(), words.nth(1));
        let size = size.and_then(|size| size.parse().ok());
        Ok(size.map(|size| Found { id: id.to_owned(), size }))
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
