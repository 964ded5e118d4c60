//! A table that can be read as often as it takes: a file, or a copy of what comes once.

use super::query;
use crate::error::Error;
use dataset::{Table, TableError};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Says standard input.
const INPUT: &str = "-";
const INPUT_FILE: &str = "/dev/stdin";

/// A table to be read, wherever it came from.
#[derive(Debug)]
pub(super) struct Readable {
    path: PathBuf,
    /// Goes with this.
    _folder: Option<TempDir>,
}

impl Readable {
    /// A place for a copy of what is called `path`, into which only we may look.
    pub(super) fn new_copy(path: &Path, ending: &str) -> std::io::Result<Self> {
        let folder = TempDir::with_prefix("slipway-drift-")?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { path: folder.path().join(format!("{name}{ending}")), _folder: Some(folder) })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The table.
    pub(super) fn open(&self) -> Result<Table, TableError> {
        Table::open(&self.path)
    }
}

/// What is at `path`, what comes through it, or the answer to the query in it.
pub(super) async fn readable(path: &Path) -> Result<Readable, Error> {
    if query::is_query(path) {
        return Ok(query::answer(path).await?);
    }
    let path = if path == Path::new(INPUT) { Path::new(INPUT_FILE) } else { path };
    let comes_once = std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
    if comes_once {
        return copied(path);
    }
    Ok(Readable { path: path.to_owned(), _folder: None })
}

/// All that comes through a pipe.
fn copied(path: &Path) -> Result<Readable, Error> {
    let copy = || {
        let copy = Readable::new_copy(path, "")?;
        std::io::copy(&mut File::open(path)?, &mut File::create(copy.path())?)?;
        Ok(copy)
    };
    copy().map_err(|source| Error::Read { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;

    #[tokio::test]
    async fn a_file_is_read_where_it_is() {
        let readable = readable(Path::new("sql/today.csv")).await.expect("nobody is asked");
        assert_eq!(readable.path(), Path::new("sql/today.csv"));
    }

    #[tokio::test]
    async fn what_comes_through_a_pipe_is_read_whole() {
        let (output, mut input) = std::io::pipe().expect("a pipe");
        input.write_all(b"a,b\n1,x\n2,y\n").expect("is written");
        drop(input);
        let path = format!("/dev/fd/{}", output.as_raw_fd());
        let readable = readable(Path::new(&path)).await.expect("is copied");
        let table = readable.open().expect("opens");
        assert_eq!(table.names(), ["a", "b"]);
        let columns = table.read(&["a", "b"]).expect("is read");
        assert_eq!(columns.into_iter().flatten().map(|it| it.rows).collect::<Vec<_>>(), [2, 2]);
    }
}
