//! The images that builds of this platform left on the engine, and how they go: name by name, and never by force.

use super::{Engine, EngineError, ask};
use bollard::errors::Error;
use bollard::models::ImageSummary;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions,
};
use std::collections::{HashMap, HashSet};

/// An image that a build made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalImage {
    /// The engine's id of it.
    pub id: String,
    /// The app it is of, by its label.
    pub app: String,
    /// The service it is of, by its label.
    pub service: String,
    /// `repository:tag`.
    pub tags: Vec<String>,
    /// `repository@sha256:...`.
    pub digests: Vec<String>,
    /// When it was made, in seconds of the epoch.
    pub created: i64,
    /// Bytes on disk, what it shares with others included.
    pub size: i64,
    /// A container was made of it, running or not.
    pub has_containers: bool,
}

impl Engine {
    /// The images with the label of `instance`.
    pub async fn images_of(&self, instance: &str) -> Result<Vec<LocalImage>, EngineError> {
        let labels = vec![format!("slipway.instance={instance}")];
        let filters = HashMap::from([("label".to_owned(), labels)]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = self.docker.list_images(Some(options)).await;
        let found = found.map_err(ask("list images"))?;
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let containers = self.docker.list_containers(Some(options)).await;
        let containers = containers.map_err(ask("list containers"))?;
        let used: HashSet<String> = containers.into_iter().filter_map(|it| it.image_id).collect();
        Ok(found.into_iter().filter_map(|image| read(image, &used)).collect())
    }

    /// Takes all its names from an image; with the last one the engine deletes it. `false` when the engine keeps it,
    /// because something uses it.
    pub async fn forget(&self, image: &LocalImage) -> Result<bool, EngineError> {
        for name in image.tags.iter().chain(&image.digests) {
            // A name may mean another image by now.
            if self.id_of(name).await?.as_ref() != Some(&image.id) {
                continue;
            }
            match self.docker.remove_image(name, None::<RemoveImageOptions>, None).await {
                // With the last tag of a repository its digests go too.
                Ok(_) | Err(Error::DockerResponseServerError { status_code: 404, .. }) => {}
                Err(Error::DockerResponseServerError { status_code: 409, .. }) => return Ok(false),
                Err(error) => return Err(ask(&format!("remove {name}"))(error)),
            }
        }
        Ok(true)
    }

    async fn id_of(&self, name: &str) -> Result<Option<String>, EngineError> {
        let found = self.docker.inspect_image(name).await.map_err(ask(&format!("inspect {name}")));
        match found {
            Err(error) if error.is_not_found() => Ok(None),
            found => Ok(found?.id),
        }
    }
}

/// Without the labels of a build it is nothing that a build made.
fn read(image: ImageSummary, used: &HashSet<String>) -> Option<LocalImage> {
    let label = |name: &str| image.labels.get(name).cloned();
    let is_name = |name: &String| !name.starts_with("<none>");
    Some(LocalImage {
        app: label("slipway.app")?,
        service: label("slipway.service")?,
        has_containers: used.contains(&image.id),
        id: image.id,
        tags: image.repo_tags.into_iter().filter(is_name).collect(),
        digests: image.repo_digests.into_iter().filter(is_name).collect(),
        created: image.created,
        size: image.size,
    })
}
