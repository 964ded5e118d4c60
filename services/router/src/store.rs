//! The last table on disk, so that a router that starts serves with everything else down.
//!
//! Invariant: the file is either a whole table or not there: it is written beside, synced and renamed. Its checksum
//! tells a damaged one, which is put aside and never served from.

use prost::Message;
use proto::v1;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// First line of the file; another format gets another one.
const HEADER: &[u8] = b"slipway route table 1\n";
const CHECKSUM: usize = 32;

/// Where the last table is kept.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    directory: PathBuf,
}

/// What could not be done with the file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made.
    #[error("making the directory {0}")]
    Directory(PathBuf, #[source] io::Error),
    /// The table cannot be read.
    #[error("reading the route table from {0}")]
    Read(PathBuf, #[source] io::Error),
    /// The table cannot be written.
    #[error("writing the route table to {0}")]
    Write(PathBuf, #[source] io::Error),
}

impl Store {
    /// Opens the store below `data`, with the table in it. A damaged one is put aside and told in the log.
    pub(crate) fn open(data: &Path) -> Result<(Self, Option<v1::RouteTable>), StoreError> {
        let directory = data.join("router");
        fs::create_dir_all(&directory)
            .map_err(|error| StoreError::Directory(directory.clone(), error))?;
        let store = Self { directory };
        let table = store.load()?;
        Ok((store, table))
    }

    /// Keeps `table`; it is on the disk when this returns.
    pub(crate) async fn save(&self, table: &v1::RouteTable) -> Result<(), StoreError> {
        let (store, bytes) = (self.clone(), encode(table));
        let written = tokio::task::spawn_blocking(move || store.write(&bytes)).await;
        written
            .map_err(io::Error::other)
            .and_then(|written| written)
            .map_err(|error| StoreError::Write(self.file(), error))
    }

    fn file(&self) -> PathBuf {
        self.directory.join("table")
    }

    fn load(&self) -> Result<Option<v1::RouteTable>, StoreError> {
        let file = self.file();
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::Read(file, error)),
        };
        let table = decode(&bytes);
        if table.is_none() {
            let aside = self.directory.join("table.damaged");
            let kept = fs::rename(&file, &aside);
            tracing::error!(
                file = %file.display(), aside = %aside.display(), kept = kept.is_ok(),
                "the route table on disk is damaged: starting without routes until one is applied",
            );
        }
        Ok(table)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let beside = self.directory.join("table.new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, self.file())?;
        File::open(&self.directory)?.sync_all()
    }
}

fn encode(table: &v1::RouteTable) -> Vec<u8> {
    let body = table.encode_to_vec();
    [HEADER, &Sha256::digest(&body)[..], &body].concat()
}

fn decode(bytes: &[u8]) -> Option<v1::RouteTable> {
    let (checksum, body) = bytes.strip_prefix(HEADER)?.split_at_checked(CHECKSUM)?;
    if Sha256::digest(body)[..] != *checksum {
        return None;
    }
    v1::RouteTable::decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::{route, wire};

    #[tokio::test]
    async fn a_table_outlives_the_process() {
        let dir = tempfile::tempdir().expect("a directory");
        let table = wire([route("shop").host("*")]);
        Store::open(dir.path()).expect("opened").0.save(&table).await.expect("saved");
        assert_eq!(Store::open(dir.path()).expect("opened").1, Some(table));
    }

    #[tokio::test]
    async fn a_damaged_table_is_put_aside() {
        let dir = tempfile::tempdir().expect("a directory");
        let (store, _) = Store::open(dir.path()).expect("opened");
        store.save(&wire([route("shop").host("*")])).await.expect("saved");
        let mut bytes = fs::read(store.file()).expect("there");
        *bytes.last_mut().expect("not empty") ^= 1;
        fs::write(store.file(), &bytes).expect("written");
        assert_eq!(Store::open(dir.path()).expect("opened").1, None);
        assert!(!store.file().exists() && dir.path().join("router/table.damaged").exists());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            proptest::prop_assert_eq!(decode(&bytes), None);
        }
    }
}
