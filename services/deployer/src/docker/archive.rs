//! Files of a container, running or not, as the engine packs them.

use super::engine::within;
use super::{Engine, EngineError};
use bollard::errors::Error as Cause;
use bollard::query_parameters::{DownloadFromContainerOptionsBuilder, InspectContainerOptions};
use futures_util::StreamExt as _;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

/// How long the engine may take to pack what is wanted.
const PACK_LIMIT: Duration = Duration::from_mins(10);

/// What came of a look into a container.
#[derive(Debug)]
pub enum Packed {
    /// The archive, from its beginning.
    Archive(std::fs::File),
    /// There is nothing at the path.
    Nothing,
    /// There is more than was wanted at most.
    TooLarge,
}

impl Engine {
    /// The directory in which the container's processes begin.
    pub async fn working_directory(&self, container: &str) -> Result<String, EngineError> {
        let inspected = self.docker.inspect_container(container, None::<InspectContainerOptions>);
        let found = self.ask("inspect container", container, inspected).await?;
        let directory = found.config.and_then(|config| config.working_dir);
        Ok(directory.filter(|it| !it.is_empty()).unwrap_or_else(|| "/".to_owned()))
    }

    /// What is at `path` in the container, packed into a file in `home` that is gone when it is closed; at most `most`
    /// bytes. The engine follows no link at `path` itself, and none out of the container.
    pub async fn pack(
        &self,
        container: &str,
        path: &str,
        (home, most): (&Path, u64),
    ) -> Result<Packed, EngineError> {
        let work = self.copy(container, path, (home, most));
        let packed = within(PACK_LIMIT, "pack files of container", container, work).await;
        match packed {
            Err(error) if error.is_missing() => Ok(Packed::Nothing),
            packed => packed,
        }
    }

    async fn copy(
        &self,
        container: &str,
        path: &str,
        (home, most): (&Path, u64),
    ) -> Result<Packed, Cause> {
        let mut file = tempfile::tempfile_in(home)?;
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let mut parts =
            std::pin::pin!(self.docker.download_from_container(container, Some(options)));
        let mut bytes = 0;
        while let Some(part) = parts.next().await {
            let part = part?;
            bytes += part.len() as u64;
            if bytes > most {
                return Ok(Packed::TooLarge);
            }
            // As much as the disk takes at once: no reason to leave the thread.
            file.write_all(&part)?;
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(Packed::Archive(file))
    }
}
