//! What a container runs and how, with the values of its variables: for a release that is made of it. Never
//! logged.

use super::{Engine, EngineError};
use bollard::models::{ContainerInspectResponse, ImageInspect};
use bollard::query_parameters::InspectContainerOptions;
use std::collections::BTreeMap;

/// What a container runs and how.
#[derive(Clone, Default)]
pub(crate) struct Running {
    /// `repository@sha256:...` by which registries know its image.
    pub(crate) images: Vec<String>,
    /// Its variables, without those that its image gives it.
    pub(crate) env: BTreeMap<String, String>,
    /// Its command, and that of its image.
    pub(crate) command: (Vec<String>, Vec<String>),
    /// Its entry point, and that of its image.
    pub(crate) entrypoint: (Vec<String>, Vec<String>),
    /// Whom it runs as, and its image.
    pub(crate) user: (Option<String>, Option<String>),
    /// Billionths of a processor.
    pub(crate) nano_cpus: Option<i64>,
    /// Bytes.
    pub(crate) memory: Option<u64>,
    /// Processes and threads.
    pub(crate) pids: Option<u32>,
}

impl Engine {
    /// What `container` runs, if it is there.
    pub(crate) async fn running(&self, container: &str) -> Result<Option<Running>, EngineError> {
        let asked = self.docker.inspect_container(container, None::<InspectContainerOptions>);
        let found = match self.ask("inspect container", container, asked).await {
            Ok(found) => found,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let id = found.image.clone().unwrap_or_default();
        let image = self.ask("inspect image", &id, self.docker.inspect_image(&id)).await?;
        Ok(Some(running(found, image)))
    }
}

fn running(found: ContainerInspectResponse, image: ImageInspect) -> Running {
    let config = found.config.unwrap_or_default();
    let host = found.host_config.unwrap_or_default();
    let given = image.config.unwrap_or_default();
    let images = image.repo_digests.unwrap_or_default();
    let from_image = given.env.unwrap_or_default();
    let own = config.env.into_iter().flatten().filter(|line| !from_image.contains(line));
    let set = |text: Option<String>| text.filter(|text| !text.is_empty());
    let above_zero = |number: Option<i64>| number.filter(|&number| number > 0);
    Running {
        images,
        env: own.filter_map(|line| pair(&line)).collect(),
        command: (config.cmd.unwrap_or_default(), given.cmd.unwrap_or_default()),
        entrypoint: (config.entrypoint.unwrap_or_default(), given.entrypoint.unwrap_or_default()),
        user: (set(config.user), set(given.user)),
        nano_cpus: above_zero(host.nano_cpus),
        memory: above_zero(host.memory).and_then(|bytes| u64::try_from(bytes).ok()),
        pids: above_zero(host.pids_limit).and_then(|pids| u32::try_from(pids).ok()),
    }
}

fn pair(line: &str) -> Option<(String, String)> {
    line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
}
