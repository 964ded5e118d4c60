//! Takes the files that a job declares out of its container.

use super::places::{Place, places};
use crate::app::App;
use crate::docker::{EngineError, Packed};
use ::release::Failure;
use manifest::Commit;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// Bytes of one directory of a container that are looked through; origin: more is data, which belongs in a volume.
const MOST_PACKED: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes that are committed at most, as the builder takes them.
const MOST_TAKEN: u64 = 1024 * 1024 * 1024;
/// Files that are committed at most, as the builder takes them.
const MOST_FILES: usize = 1000;

/// A file as it lies in an archive.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) executable: bool,
    archive: Arc<File>,
    offset: u64,
    pub(crate) size: u64,
}

/// The files by their paths below the repository.
pub(crate) type Files = BTreeMap<String, Taken>;

impl Taken {
    /// Its bytes from `from` on, at most `most`.
    pub(crate) fn read(&self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.size - from).unwrap_or(usize::MAX);
        let mut part = vec![0; left.min(most)];
        self.archive.read_exact_at(&mut part, self.offset + from)?;
        Ok(part)
    }
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error("take files out of a container")]
    Engine(#[from] EngineError),
    #[error("read the archive of a container")]
    Archive(#[from] io::Error),
    #[error("{0}")]
    Refused(Box<Failure>),
}

fn refused(message: String) -> TakeError {
    TakeError::Refused(Box::new(Failure::new("COMMIT_REFUSED", message)))
}

/// The files of `commit` in `container`, whose image was built from `context`.
pub(crate) async fn take(
    app: &App,
    container: &str,
    (commit, context): (&Commit, &str),
) -> Result<Files, TakeError> {
    let directory = app.engine.working_directory(container).await?;
    let mut files = Files::new();
    for place in places(commit, context, &directory) {
        let path = place.in_container.as_str();
        if path.is_empty() {
            let message = "the image has no WORKDIR, so that it is not known where its files are; give it one";
            return Err(refused(message.to_owned()));
        }
        match app.engine.pack(container, path, (&app.data, MOST_PACKED)).await? {
            Packed::Nothing => {}
            Packed::TooLarge => {
                let message =
                    format!("{path} has more than 2 GiB; commit from a smaller directory");
                return Err(refused(message));
            }
            Packed::Archive(archive) => {
                let wanted = commit.clone();
                let found = tokio::task::spawn_blocking(move || look(archive, &place, &wanted));
                files.extend(found.await.map_err(io::Error::other)??);
            }
        }
    }
    fits(files)
}

/// The files of an archive that are committed. What is no plain file is never followed.
fn look(archive: File, place: &Place, commit: &Commit) -> Result<Files, TakeError> {
    let archive = Arc::new(archive);
    let mut files = Files::new();
    let mut reader = tar::Archive::new(archive.as_ref());
    for entry in reader.entries()? {
        let entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        let Some(path) = place.path_of(&name).filter(|path| commit.covers(path)) else { continue };
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() && !kind.is_contiguous() {
            let message =
                format!("{path} is a link or a device in the container; only files are committed");
            return Err(refused(message));
        }
        let executable = entry.header().mode()? & 0o100 != 0;
        let (offset, size) = (entry.raw_file_position(), entry.size());
        files.insert(path, Taken { executable, archive: Arc::clone(&archive), offset, size });
    }
    Ok(files)
}

fn fits(files: Files) -> Result<Files, TakeError> {
    if files.is_empty() {
        let message = "the container has no file that is declared in `commit: { paths }`; they are looked for below the \
                       working directory of the image";
        return Err(TakeError::Refused(Box::new(Failure::new("COMMIT_NOTHING", message))));
    }
    let bytes: u64 = files.values().map(|file| file.size).sum();
    if files.len() > MOST_FILES || bytes > MOST_TAKEN {
        let (files, mebibytes) = (files.len(), bytes / (1024 * 1024));
        let message = format!(
            "{files} files with {mebibytes} MiB are more than can be committed: at most {MOST_FILES} with 1 GiB"
        );
        return Err(refused(message));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek as _, SeekFrom};

    fn commit() -> Commit {
        let paths = vec![manifest::RelativePath::parse("models/**").unwrap()];
        Commit { paths, message: manifest::Text::parse("model").unwrap(), metrics: None }
    }

    fn found(fill: impl FnOnce(&mut tar::Builder<File>)) -> Result<Files, TakeError> {
        let mut archive = tar::Builder::new(tempfile::tempfile().unwrap());
        fill(&mut archive);
        let mut file = archive.into_inner().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let place = places(&commit(), "", "/app").into_iter().next().unwrap();
        look(file, &place, &commit()).and_then(fits)
    }

    fn add(archive: &mut tar::Builder<File>, path: &str, kind: tar::EntryType, content: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_size(content.len() as u64);
        if kind == tar::EntryType::Symlink {
            header.set_link_name("/etc/passwd").unwrap();
        }
        archive.append_data(&mut header, path, content).unwrap();
    }

    #[test]
    fn files_are_read_where_they_lie_in_the_archive() {
        let long = format!("models/{}.bin", "x".repeat(150));
        let files = found(|archive| {
            add(archive, "models", tar::EntryType::Directory, b"");
            add(archive, "models/a.bin", tar::EntryType::Regular, b"one");
            add(archive, &long, tar::EntryType::Regular, b"another");
        });
        let files = files.unwrap();
        let read = |path: &str| files[path].read(0, 100).unwrap();
        assert_eq!((read("models/a.bin"), read(&long)), (b"one".to_vec(), b"another".to_vec()));
        assert_eq!(files["models/a.bin"].read(2, 100).unwrap(), b"e");
        assert!(files["models/a.bin"].executable);
    }

    #[test]
    fn a_link_is_not_followed_and_nothing_is_told() {
        let why = |error: Result<Files, TakeError>| error.unwrap_err().to_string();
        let link = found(|archive| add(archive, "models/m", tar::EntryType::Symlink, b""));
        insta::assert_snapshot!(why(link), @"COMMIT_REFUSED: models/m is a link or a device in the container; only files are committed");
        let nothing = found(|archive| add(archive, "data/m", tar::EntryType::Regular, b"x"));
        insta::assert_snapshot!(why(nothing), @"COMMIT_NOTHING: the container has no file that is declared in `commit: { paths }`; they are looked for below the working directory of the image");
    }
}
