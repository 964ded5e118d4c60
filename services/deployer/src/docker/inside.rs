//! What of an image's own files matters to its volumes: looked up in a container of it that is never started.

use super::label::{self, Labels};
use super::{Engine, EngineError};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptions, DownloadFromContainerOptionsBuilder};
use events::ReleaseId;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::io::Read as _;

/// Where an image has its users.
const USERS: &str = "/etc/passwd";
/// Bytes of an archive that are read: the head of its first entry, or all of a usual list of users.
const MOST: usize = 64 * 1024;

/// Whom a directory belongs to, and who may do what there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u64,
    /// The group.
    pub gid: u64,
    /// As of `chmod`.
    pub mode: u32,
}

/// What an image has inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inside {
    /// Its `/etc/passwd`; empty without one.
    pub users: String,
    /// The directories that were asked for; nothing where it has none.
    pub directories: BTreeMap<String, Option<Owner>>,
}

impl Engine {
    /// Who is who in `image`, and whose these directories are.
    pub async fn look_inside(
        &self,
        image: &str,
        platform: &str,
        directories: &[&str],
    ) -> Result<Inside, EngineError> {
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            // The engine wants one, and never starts it.
            cmd: Some(vec!["/".to_owned()]),
            labels: Some(label::write(&nobodys(platform))),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let created = self.docker.create_container(None::<CreateContainerOptions>, body);
        let container = self.ask("create container", image, created).await?.id;
        let looked = self.look(&container, directories).await;
        self.remove(&container).await?;
        looked
    }

    async fn look(&self, container: &str, directories: &[&str]) -> Result<Inside, EngineError> {
        let users = self.beginning(container, USERS).await?;
        let mut inside = Inside {
            users: users.as_deref().and_then(text).unwrap_or_default(),
            ..Inside::default()
        };
        for directory in directories {
            let found = self.beginning(container, &format!("{directory}/.")).await?;
            let owner = found.as_deref().and_then(owner);
            inside.directories.insert((*directory).to_owned(), owner);
        }
        Ok(inside)
    }

    /// The beginning of the archive of what is at `path`; nothing where the engine finds nothing to pack.
    async fn beginning(&self, container: &str, path: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let work = async {
            let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
            let packed = self.docker.download_from_container(container, Some(options));
            let mut parts = std::pin::pin!(packed);
            let mut bytes = Vec::new();
            while bytes.len() < MOST
                && let Some(part) = parts.next().await
            {
                bytes.extend_from_slice(&part?);
            }
            Ok(bytes)
        };
        match self.ask("inspect files of container", container, work).await {
            Err(error) if error.is_missing() => Ok(None),
            read => read.map(Some),
        }
    }
}

/// Labels of a release that nobody has: were the container left behind, it would be an orphan.
fn nobodys(platform: &str) -> Labels {
    let release = ReleaseId::new(service::new_id()).to_string();
    let labels = [(label::PLATFORM, platform), (label::RELEASE, &release)];
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The owner of the first entry of an archive.
fn owner(archive: &[u8]) -> Option<Owner> {
    let mut archive = tar::Archive::new(archive);
    let entry = archive.entries().ok()?.next()?.ok()?;
    let header = entry.header();
    Some(Owner {
        uid: header.uid().ok()?,
        gid: header.gid().ok()?,
        mode: header.mode().ok()? & 0o777,
    })
}

/// The text of the first entry of an archive.
fn text(archive: &[u8]) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    let mut text = String::new();
    archive.entries().ok()?.next()?.ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}
