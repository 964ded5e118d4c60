//! Named volumes, which outlive instances and releases.

use super::label::{self, Labels};
use super::{Engine, EngineError, Owner, error::or_gone};
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A volume in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledVolume {
    /// Its name, which is its id.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// When it was made, if the engine says so.
    pub created_at: Option<DateTime<Utc>>,
    /// Where what it holds is, on the machine of the engine.
    pub folder: PathBuf,
}

impl LabelledVolume {
    /// Bytes of disk that it takes; nothing where that cannot be seen from here, as on another machine. Engines say it
    /// only together with all else that they have, and each in its own way.
    pub async fn size(&self) -> Option<u64> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || taken(&folder)).await.ok()?.ok()
    }

    /// Whom it belongs to; nothing while nothing is in it, because an image that has a directory there gives it its own
    /// owner, and where that cannot be seen from here.
    pub async fn owner(&self) -> Option<Owner> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || owner(&folder)).await.ok()?.ok()?
    }
}

fn owner(folder: &Path) -> io::Result<Option<Owner>> {
    if std::fs::read_dir(folder)?.next().is_none() {
        return Ok(None);
    }
    let about = std::fs::metadata(folder)?;
    let (uid, gid) = (about.uid().into(), about.gid().into());
    Ok(Some(Owner { uid, gid, mode: about.mode() & 0o777 }))
}

/// Bytes that files below `folder` take. Links are not followed.
fn taken(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    let mut open = std::fs::read_dir(folder)?.collect::<Vec<_>>();
    while let Some(entry) = open.pop() {
        let entry = entry?;
        let seen = entry.metadata().and_then(|about| {
            let is_folder = about.is_dir();
            let inside = is_folder.then(|| std::fs::read_dir(entry.path())).transpose()?;
            Ok((about.blocks() * BLOCK, inside))
        });
        match seen {
            Ok((own, inside)) => {
                bytes += own;
                open.extend(inside.into_iter().flatten());
            }
            // Whoever writes there removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Bytes of what the kernel counts as a block of a file, whatever the file system does.
const BLOCK: u64 = 512;

impl Engine {
    /// Every volume with the label of `platform`.
    pub async fn volumes(&self, platform: &str) -> Result<Vec<LabelledVolume>, EngineError> {
        let wanted = vec![format!("{}={platform}", label::PLATFORM)];
        let filters = HashMap::from([("label".to_owned(), wanted)]);
        let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let listed = self.docker.list_volumes(Some(options));
        let found = self.ask("list", "volumes", listed).await?.volumes.unwrap_or_default();
        let volume = |found: bollard::models::Volume| LabelledVolume {
            name: found.name,
            labels: found.labels.into_iter().collect(),
            created_at: found.created_at,
            folder: found.mountpoint.into(),
        };
        Ok(found.into_iter().map(volume).collect())
    }

    /// Removes exactly this volume; false when a container has it. One that is gone is well.
    pub async fn remove_unused_volume(&self, name: &str) -> Result<bool, EngineError> {
        let removed = self.docker.remove_volume(name, None::<RemoveVolumeOptions>);
        match or_gone(self.call("remove volume", name, removed).await) {
            Err(error) if error.status() == Some(409) => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    /// Makes the volume, or finds that it is there. What is in it stays as it is.
    pub async fn ensure_volume(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(label::write(labels)),
            ..VolumeCreateRequest::default()
        };
        let volume = self.call("create volume", name, self.docker.create_volume(request)).await?;
        // The engine answers with the volume that has the name, whoever made it.
        if label::is_ours(&volume.labels.into_iter().collect(), labels) {
            Ok(())
        } else {
            Err(EngineError::NameTaken { kind: "volume", name: name.to_owned() })
        }
    }

    /// Removes the volume and what is in it; one that is gone is well.
    pub async fn remove_volume(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        let found = self.ask("inspect volume", name, self.docker.inspect_volume(name)).await;
        let ours = match found {
            Ok(volume) => label::is_ours(&volume.labels.into_iter().collect(), labels),
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error),
        };
        if !ours {
            return Err(EngineError::NameTaken { kind: "volume", name: name.to_owned() });
        }
        let removed = self.docker.remove_volume(name, None::<RemoveVolumeOptions>);
        or_gone(self.call("remove volume", name, removed).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_folder_takes_is_counted_without_following_links() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inside")).unwrap();
        std::fs::write(folder.path().join("inside/file"), vec![1; 1 << 20]).unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("everything")).unwrap();
        let found = taken(folder.path()).unwrap();
        assert!((1 << 20..2 << 20).contains(&found), "{found}");
    }

    #[test]
    fn an_empty_folder_belongs_to_nobody_yet() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(owner(folder.path()).unwrap(), None);
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(owner(folder.path()).unwrap().is_some_and(|owner| owner.mode & 0o700 == 0o700));
    }

    #[tokio::test]
    async fn what_cannot_be_seen_is_not_known() {
        let elsewhere = LabelledVolume {
            name: "elsewhere".to_owned(),
            labels: Labels::new(),
            created_at: None,
            folder: "/no/such/folder".into(),
        };
        assert_eq!((elsewhere.size().await, elsewhere.owner().await), (None, None));
    }
}
