//! The container engine: builds, pushes, and says what it has.

pub mod build;
mod cache;
pub mod host;
pub mod images;
pub mod progress;
pub mod query;
pub mod session;
pub mod stream;

use crate::registry::auth::{Login, RegistryAuth};
use bollard::Docker;
use bollard::errors::Error;
use events::Digest;
use futures_util::TryStreamExt as _;
use host::{Host, InvalidHost};
use std::sync::Arc;
use std::time::Duration;

/// How long the engine may take to answer a question, in seconds.
const ANSWER: u64 = 60;
/// How long the engine may say nothing while it pushes.
const SILENCE: Duration = Duration::from_mins(2);

/// A connection to the engine; a clone is the same one.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    /// Where it listens.
    pub host: Arc<Host>,
}

/// Why the engine did not do something.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Not an address.
    #[error("DOCKER_HOST is not usable")]
    Address(#[from] InvalidHost),
    /// The client could not be made.
    #[error("setting up the client of the engine at {host}")]
    Setup {
        /// Where.
        host: String,
        /// Why.
        source: Error,
    },
    /// It did not answer, or with an error.
    #[error("asking the engine to {action}")]
    Ask {
        /// What was asked.
        action: String,
        /// Its answer.
        source: Error,
    },
    /// It said nothing for too long.
    #[error("the engine said nothing for {} s while asked to {action}", SILENCE.as_secs())]
    Silent {
        /// What was asked.
        action: String,
    },
}

impl EngineError {
    /// The engine says that what was asked about is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Ask { source: Error::DockerResponseServerError { status_code: 404, .. }, .. }
        )
    }

    /// The engine itself does not answer.
    pub fn is_away(&self) -> bool {
        let Self::Ask { source, .. } = self else { return matches!(self, Self::Silent { .. }) };
        matches!(
            source,
            Error::HyperLegacyError { .. }
                | Error::HyperResponseError { .. }
                | Error::IOError { .. }
                | Error::RequestTimeoutError
                | Error::SocketNotFoundError(_)
        )
    }
}

/// What the engine is.
#[derive(Debug, Clone)]
pub struct About {
    /// Operating system and processor of its containers, as `linux/x86_64`.
    pub platform: String,
    /// Where it keeps images and build caches.
    pub root: Option<std::path::PathBuf>,
}

impl Engine {
    /// The engine at `host`, as `DOCKER_HOST` has it. It need not be there yet.
    pub fn at(host: &str) -> Result<Self, EngineError> {
        let host = Host::parse(host)?;
        let setup = |source| EngineError::Setup { host: host.to_string(), source };
        let version = bollard::API_DEFAULT_VERSION;
        let docker = match &host {
            Host::Unix(path) => Docker::connect_with_unix(&path.to_string_lossy(), ANSWER, version),
            Host::Tcp(address) => {
                Docker::connect_with_http(&format!("tcp://{address}"), ANSWER, version)
            }
        };
        Ok(Self { docker: docker.map_err(setup)?, host: Arc::new(host) })
    }

    /// Whether the engine answers.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.docker.ping().await.map(drop).map_err(ask("say that it is there"))
    }

    /// What the engine is.
    pub async fn about(&self) -> Result<About, EngineError> {
        let info = self.docker.info().await.map_err(ask("describe itself"))?;
        let os = info.os_type.unwrap_or_else(|| "linux".to_owned());
        let platform = format!("{os}/{}", info.architecture.unwrap_or_default());
        Ok(About { platform, root: info.docker_root_dir.map(Into::into) })
    }

    /// The identity of the local image that `reference` means: its digest at the registry it came from,
    /// or else its own id. `None` when there is none here.
    pub async fn local_image(&self, reference: &str) -> Result<Option<String>, EngineError> {
        let action = format!("inspect {reference}");
        let image = match self.docker.inspect_image(reference).await.map_err(ask(&action)) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let digests = image.repo_digests.unwrap_or_default();
        Ok(crate::registry::reference::digest_for(reference, &digests).or(image.id))
    }

    /// The digest by which the engine pulled `reference`, if it has it.
    pub async fn local_digest(&self, reference: &str) -> Result<Option<Digest>, EngineError> {
        let image = self
            .docker
            .inspect_image(reference)
            .await
            .map_err(ask(&format!("inspect {reference}")))?;
        let known = crate::registry::reference::digest_for(
            reference,
            &image.repo_digests.unwrap_or_default(),
        );
        Ok(known.and_then(|digest| Digest::parse(&digest).ok()))
    }

    /// The digest that the registry of `reference` gives it; `None` when the registry has none.
    pub async fn registry_digest(
        &self,
        reference: &str,
        auth: &RegistryAuth,
    ) -> Result<Option<Digest>, EngineError> {
        let action = format!("ask the registry for {reference}");
        let credentials = auth.of_image(reference).map(Login::for_engine);
        let answer = self.docker.inspect_registry_image(reference, credentials).await;
        match answer.map_err(ask(&action)) {
            Err(error) if error.is_not_found() => Ok(None),
            other => Ok(other?
                .descriptor
                .digest
                .as_deref()
                .and_then(|digest| Digest::parse(digest).ok())),
        }
    }

    /// Gives the local image `from` another name.
    pub async fn tag(&self, from: &str, repository: &str, tag: &str) -> Result<(), EngineError> {
        let options = bollard::query_parameters::TagImageOptionsBuilder::new()
            .repo(repository)
            .tag(tag)
            .build();
        self.docker.tag_image(from, Some(options)).await.map_err(ask(&format!("tag {from}")))
    }

    /// Pushes `repository:tag`, and says how many layers the registry did not have.
    pub async fn push(
        &self,
        repository: &str,
        tag: &str,
        auth: &RegistryAuth,
    ) -> Result<Pushed, EngineError> {
        let action = format!("push {repository}:{tag}");
        let options = bollard::query_parameters::PushImageOptionsBuilder::new().tag(tag).build();
        let credentials = auth.of_image(repository).map(Login::for_engine);
        let credentials = Some(credentials.unwrap_or_default());
        let mut progress =
            std::pin::pin!(self.docker.push_image(repository, Some(options), credentials));
        let mut pushed = Pushed::default();
        loop {
            let next = tokio::time::timeout(SILENCE, progress.try_next()).await;
            let next = next.map_err(|_elapsed| EngineError::Silent { action: action.clone() })?;
            let Some(step) = next.map_err(ask(&action))? else { return Ok(pushed) };
            if let Some(error) = step.error_detail.and_then(|detail| detail.message) {
                return Err(ask(&action)(Error::DockerStreamError { error }));
            }
            match step.status.as_deref() {
                Some("Pushed") => pushed.new += 1,
                Some(status) if is_known(status) => pushed.known += 1,
                _ => {}
            }
        }
    }
}

fn is_known(status: &str) -> bool {
    status == "Layer already exists" || status.starts_with("Mounted from")
}

/// What a push moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pushed {
    /// Layers the registry did not have.
    pub new: usize,
    /// Layers it had.
    pub known: usize,
}

fn ask(action: &str) -> impl Fn(Error) -> EngineError + use<> {
    let action = action.to_owned();
    move |source| EngineError::Ask { action: action.clone(), source }
}
