//! Images, always by digest. An image that is there is not pulled, so that a rollback needs no registry.

use super::{Engine, EngineError};
use bollard::auth::DockerCredentials;
use bollard::models::ImageInspect;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;
use std::time::Duration;
use zeroize::Zeroizing;

/// A pull that says nothing for so long hangs.
const PULL_IDLE: Duration = Duration::from_mins(1);

/// How to log in to a registry.
#[derive(Clone)]
pub struct Credentials {
    /// Host and port of the registry.
    pub registry: String,
    /// The user.
    pub username: String,
    /// The password or token.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.username, self.registry)
    }
}

/// What an image says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// The engine's id of it, `sha256:...` of its configuration.
    pub id: String,
    /// Whom it runs as; `None` is root.
    pub user: Option<String>,
    /// Where the home of whom it runs as is, if it says so.
    pub home: Option<String>,
    /// Bytes on disk, unpacked.
    pub size: u64,
    /// TCP ports it says it listens on.
    pub exposed_ports: Vec<u16>,
    /// `repository@sha256:...` by which registries know it.
    pub repo_digests: Vec<String>,
}

impl Engine {
    /// Makes sure that `image` (`repository@sha256:...`) is on this machine.
    pub async fn ensure_image(
        &self,
        image: &str,
        credentials: Option<&Credentials>,
    ) -> Result<ImageFacts, EngineError> {
        if let Some(facts) = self.image(image).await? {
            return Ok(facts);
        }
        self.pull(image, credentials).await?;
        let reason = || "the engine said it was, and does not have it".to_owned();
        self.image(image)
            .await?
            .ok_or_else(|| EngineError::Pull { image: image.to_owned(), reason: reason() })
    }

    /// The image, if it is on this machine.
    pub async fn image(&self, image: &str) -> Result<Option<ImageFacts>, EngineError> {
        match self.ask("inspect image", image, self.docker.inspect_image(image)).await {
            Ok(found) => Ok(Some(facts(found))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn pull(
        &self,
        image: &str,
        credentials: Option<&Credentials>,
    ) -> Result<(), EngineError> {
        let failed = |reason| EngineError::Pull { image: image.to_owned(), reason };
        let (repository, digest) = image.split_once('@').unwrap_or((image, "latest"));
        let options = CreateImageOptionsBuilder::new().from_image(repository).tag(digest).build();
        let login = credentials.map(|credentials| DockerCredentials {
            username: Some(credentials.username.clone()),
            password: Some(credentials.password.to_string()),
            serveraddress: Some(credentials.registry.clone()),
            ..DockerCredentials::default()
        });
        let mut lines = std::pin::pin!(self.docker.create_image(Some(options), None, login));
        loop {
            match tokio::time::timeout(PULL_IDLE, lines.next()).await {
                Err(_) => return Err(failed(format!("no progress for {PULL_IDLE:?}"))),
                Ok(None) => return Ok(()),
                Ok(Some(Err(error))) => return Err(failed(error.to_string())),
                // Errors come as lines of a good answer.
                Ok(Some(Ok(line))) => {
                    if let Some(message) = line.error_detail.and_then(|detail| detail.message) {
                        return Err(failed(message));
                    }
                }
            }
        }
    }
}

fn facts(image: ImageInspect) -> ImageFacts {
    let config = image.config.unwrap_or_default();
    ImageFacts {
        id: image.id.unwrap_or_default(),
        home: config
            .env
            .iter()
            .flatten()
            .find_map(|it| it.strip_prefix("HOME=").map(str::to_owned)),
        user: config.user.filter(|user| !user.is_empty()),
        size: image.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        exposed_ports: exposed(&config.exposed_ports.unwrap_or_default()),
        repo_digests: image.repo_digests.unwrap_or_default(),
    }
}

fn exposed(ports: &[String]) -> Vec<u16> {
    let tcp = |port: &String| port.trim_end_matches("/tcp").parse().ok();
    ports.iter().filter_map(tcp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tcp_ports_are_of_interest() {
        let ports = ["8000/tcp", "53/udp", "9000"].map(str::to_owned);
        assert_eq!(exposed(&ports), [8000, 9000]);
    }

    #[test]
    fn a_password_is_not_shown() {
        let credentials = Credentials {
            registry: "registry.example".to_owned(),
            username: "bot".to_owned(),
            password: Zeroizing::new("hunter2".to_owned()),
        };
        assert_eq!(format!("{credentials:?}"), "bot at registry.example");
    }
}
