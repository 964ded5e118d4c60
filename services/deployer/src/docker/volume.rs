//! Named volumes, which outlive instances and releases.

use super::label::{self, Labels};
use super::{Engine, EngineError, error::or_gone};
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};
use std::collections::HashMap;

/// A volume in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledVolume {
    /// Its name, which is its id.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

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
