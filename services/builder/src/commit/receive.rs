//! Takes the files of a run from the stream that the deployer sends, as they come, to a folder of their own.

use crate::git::tree::Entry;
use crate::git::write::Difference;
use futures_util::{Stream, TryStreamExt as _};
use manifest::RelativePath;
use proto::v1::commit_files_request::Part;
use proto::v1::{CommitFilesRequest, CommittedFile};
use service::grpc::status;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tonic::Status;

/// More are no model; origin: the list of them is one argument list of git.
const MOST_FILES: usize = 1000;
/// Bytes in all; origin: forges take little more in one push.
const MOST_BYTES: usize = 1024 * 1024 * 1024;

/// The files of a run.
#[derive(Debug)]
pub struct Received {
    folder: TempDir,
    files: Vec<CommittedFile>,
}

/// A file that is coming.
struct Open {
    file: File,
    bytes: usize,
}

impl Received {
    /// All files that follow in `parts`, kept in a folder in `home`.
    pub async fn take(
        parts: &mut (impl Stream<Item = Result<CommitFilesRequest, Status>> + Unpin),
        home: &Path,
    ) -> Result<Self, Status> {
        let folder = tempfile::tempdir_in(home).map_err(|error| status::internal(&error))?;
        let mut received = Self { folder, files: Vec::new() };
        let (mut open, mut bytes) = (None::<Open>, 0);
        while let Some(part) = parts.try_next().await? {
            match part.part {
                Some(Part::File(file)) => {
                    received.close(open.take()).await?;
                    open = Some(received.begin(file).await?);
                }
                Some(Part::Chunk(chunk)) => {
                    bytes += chunk.len();
                    if bytes > MOST_BYTES {
                        let message = format!("more than {} MiB", MOST_BYTES / (1024 * 1024));
                        return Err(status::invalid("chunk", message));
                    }
                    let open = open.as_mut();
                    let open = open.ok_or_else(|| status::invalid("chunk", "of no file"))?;
                    open.bytes += chunk.len();
                    open.file.write_all(&chunk).await.map_err(|error| status::internal(&error))?;
                }
                Some(Part::Head(_)) | None => {
                    return Err(status::invalid("part", "comes once, and first"));
                }
            }
        }
        received.close(open).await?;
        Ok(received)
    }

    async fn begin(&mut self, file: CommittedFile) -> Result<Open, Status> {
        if self.files.len() == MOST_FILES {
            return Err(status::invalid("file", format!("more than {MOST_FILES} files")));
        }
        if !is_plain(&file.path) {
            return Err(status::invalid("file.path", "not a file of the repository"));
        }
        self.files.push(file);
        let path = self.content(self.files.len() - 1);
        let file = File::create(path).await.map_err(|error| status::internal(&error))?;
        Ok(Open { file, bytes: 0 })
    }

    /// The last file that began has all its parts. One that was cut off would be committed as if it were whole, and
    /// never again, as the commit names its run.
    async fn close(&self, open: Option<Open>) -> Result<(), Status> {
        let (Some(mut open), Some(said)) = (open, self.files.last()) else { return Ok(()) };
        if said.size.is_some_and(|size| i64::try_from(open.bytes) != Ok(size)) {
            let message = format!("{} did not come whole", said.path);
            return Err(status::unavailable("FILE_CUT_OFF", message));
        }
        open.file.flush().await.map_err(|error| status::internal(&error))
    }

    fn content(&self, n: usize) -> PathBuf {
        self.folder.path().join(n.to_string())
    }

    /// Where the content of each file is.
    pub fn contents(&self) -> Vec<PathBuf> {
        (0..self.files.len()).map(|n| self.content(n)).collect()
    }

    /// The files as they are added to a tree, once their contents are kept as `ids`.
    pub fn difference(&self, ids: &[String]) -> Difference {
        let mode = |file: &CommittedFile| if file.executable { "100755" } else { "100644" };
        let entry = |(file, id): (&CommittedFile, &String)| Entry {
            mode: mode(file).to_owned(),
            id: id.clone(),
            path: file.path.clone(),
        };
        let added = self.files.iter().zip(ids).map(entry).collect();
        Difference { added, removed: Vec::new() }
    }
}

/// Whether `path` is one below the repository, written the only way, and none of git's own.
fn is_plain(path: &str) -> bool {
    let is_clean = RelativePath::parse(path).is_ok_and(|parsed| parsed.cleaned() == path);
    is_clean && !path.split('/').any(|part| part.eq_ignore_ascii_case(".git"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tonic::Code;

    /// What is made of two files, the first of which says that it has so many bytes and has four.
    async fn taken(size: Option<i64>) -> Result<Received, Code> {
        let file = |path: &str, size| {
            Part::File(CommittedFile { path: path.to_owned(), executable: false, size })
        };
        let chunk = |text: &str| Part::Chunk(text.as_bytes().to_vec());
        let parts =
            [file("models/a", size), chunk("mo"), chunk("re"), file("models/empty", Some(0))];
        let parts = parts.map(|part| Ok(CommitFilesRequest { part: Some(part) }));
        let home = tempfile::tempdir().expect("a folder");
        let taken = Received::take(&mut futures_util::stream::iter(parts), home.path()).await;
        taken.map_err(|refused| refused.code())
    }

    #[tokio::test]
    async fn a_file_that_did_not_come_whole_is_refused() {
        for whole in [Some(4), None] {
            assert_eq!(taken(whole).await.expect("whole").files.len(), 2);
        }
        for other in [5, 3, 0] {
            assert_eq!(taken(Some(other)).await.expect_err("cut off"), Code::Unavailable);
        }
    }

    #[test]
    fn only_files_of_the_repository_are_taken() {
        assert!(is_plain("models/best model.joblib"));
        for bad in
            ["", ".", "/etc/passwd", "../x", "a//b", "a/./b", "a/", ".git/config", "a/.GIT/x"]
        {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_stays_below_the_repository(path in "[./a-c\\\\\\n]{0,12}") {
            if is_plain(&path) {
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
                prop_assert!(!path.contains(['\n', '\\']));
            }
        }
    }
}
