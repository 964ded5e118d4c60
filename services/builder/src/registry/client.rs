//! Asks a registry for manifests and gives them further tags. A registry that speaks plain http is asked
//! directly; for any other the engine asks, because it has the certificates and mirrors.

use crate::engine::{Engine, EngineError};
use crate::registry::auth::RegistryAuth;
use crate::registry::layers::Layer;
use crate::registry::reference;
use bytes::Bytes;
use events::Digest;
use http::{Method, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use sha2::Digest as _;
use std::time::Duration;

/// Manifests are small; more is not one.
const LARGEST: usize = 4 * 1024 * 1024;
/// How long the registry may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// What we understand.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// A client of one or more registries.
#[derive(Debug, Clone)]
pub struct Registry {
    engine: Engine,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// What a registry has under a tag or digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its identity.
    pub digest: Digest,
    /// The layers; empty when only the identity could be asked.
    pub layers: Vec<Layer>,
    content: Option<(String, Bytes)>,
}

impl Manifest {
    /// A manifest of which only the identity is known.
    pub fn known(digest: Digest) -> Self {
        Self { digest, layers: Vec::new(), content: None }
    }
}

/// Why the registry did not do something.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It could not be reached.
    #[error("asking the registry at {host}")]
    Reach {
        /// The registry.
        host: String,
        /// Why.
        source: hyper_util::client::legacy::Error,
    },
    /// It took too long or broke off.
    #[error("the registry at {0} did not answer in time")]
    Silent(String),
    /// It said no.
    #[error("the registry at {host} answered {status} for {path}")]
    Refused {
        /// The registry.
        host: String,
        /// What was asked.
        path: String,
        /// Its answer.
        status: StatusCode,
    },
    /// Only plain http is spoken here, and engines delete nothing at registries.
    #[error("the registry at {0} is not of this machine: it has a retention of its own")]
    Elsewhere(String),
    /// Deleting is turned off there.
    #[error("the registry at {0} does not delete: allow it there, as `storage.delete.enabled`")]
    NoDelete(String),
    /// What it sent is not a manifest.
    #[error("the registry at {host} sent a manifest that is not readable")]
    Unreadable {
        /// The registry.
        host: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The engine asked for us.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    size: i64,
}

impl Registry {
    /// A client that lets `engine` ask where it cannot.
    pub fn new(engine: Engine) -> Self {
        let http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { engine, http }
    }

    /// What is at `repository` under a tag or digest; `None` when there is nothing.
    pub async fn manifest(
        &self,
        repository: &str,
        tag_or_digest: &str,
        auth: &RegistryAuth,
    ) -> Result<Option<Manifest>, RegistryError> {
        if !reference::is_loopback(reference::host(repository)) {
            let separator = if tag_or_digest.starts_with("sha256:") { '@' } else { ':' };
            let image = format!("{repository}{separator}{tag_or_digest}");
            let digest = self.engine.registry_digest(&image, auth).await?;
            return Ok(digest.map(Manifest::known));
        }
        let path = path(repository, tag_or_digest);
        let (status, media_type, body) =
            self.call(Method::GET, repository, &path, auth, None).await?;
        match status {
            StatusCode::OK => read(repository, media_type, body).map(Some),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(refused(repository, path, status)),
        }
    }

    /// Gives what is known as `manifest` at `repository` one more tag.
    pub async fn tag(
        &self,
        repository: &str,
        manifest: &Manifest,
        tag: &str,
        auth: &RegistryAuth,
    ) -> Result<(), RegistryError> {
        let Some((media_type, body)) = manifest.content.clone() else {
            let image = format!("{repository}@{}", manifest.digest);
            self.engine.tag(&image, repository, tag).await?;
            self.engine.push(repository, tag, auth).await?;
            return Ok(());
        };
        let path = path(repository, tag);
        let (status, ..) =
            self.call(Method::PUT, repository, &path, auth, Some((media_type, body))).await?;
        if status.is_success() { Ok(()) } else { Err(refused(repository, path, status)) }
    }

    /// Deletes the manifest with this digest, and with it its tags. One that is gone is well.
    pub async fn delete(
        &self,
        repository: &str,
        digest: &str,
        auth: &RegistryAuth,
    ) -> Result<(), RegistryError> {
        let host = reference::host(repository);
        if !reference::is_loopback(host) {
            return Err(RegistryError::Elsewhere(host.to_owned()));
        }
        let path = path(repository, digest);
        let (status, ..) = self.call(Method::DELETE, repository, &path, auth, None).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(()),
            StatusCode::METHOD_NOT_ALLOWED => Err(RegistryError::NoDelete(host.to_owned())),
            status if status.is_success() => Ok(()),
            status => Err(refused(repository, path, status)),
        }
    }

    async fn call(
        &self,
        method: Method,
        repository: &str,
        path: &str,
        auth: &RegistryAuth,
        body: Option<(String, Bytes)>,
    ) -> Result<(StatusCode, String, Bytes), RegistryError> {
        let host = reference::host(repository);
        let mut request =
            http::Request::builder().method(method).uri(format!("http://{host}{path}"));
        request = request.header(header::ACCEPT, ACCEPT);
        if let Some(login) = auth.of_host(host) {
            request = request.header(header::AUTHORIZATION, login.basic());
        }
        let (media_type, body) = body.unwrap_or_default();
        if !media_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let silent = || RegistryError::Silent(host.to_owned());
        let request = request.body(Full::new(body)).map_err(|_malformed| silent())?;
        let answer = tokio::time::timeout(ANSWER, self.http.request(request)).await;
        let answer = answer.map_err(|_elapsed| silent())?;
        let answer =
            answer.map_err(|source| RegistryError::Reach { host: host.to_owned(), source })?;
        let status = answer.status();
        let media_type =
            answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let body =
            tokio::time::timeout(ANSWER, Limited::new(answer.into_body(), LARGEST).collect()).await;
        let body = body.map_err(|_elapsed| silent())?.map_err(|_cut| silent())?;
        Ok((status, media_type, body.to_bytes()))
    }
}

fn path(repository: &str, tag_or_digest: &str) -> String {
    let name = repository.split_once('/').map_or(repository, |(_, name)| name);
    format!("/v2/{name}/manifests/{tag_or_digest}")
}

fn refused(repository: &str, path: String, status: StatusCode) -> RegistryError {
    RegistryError::Refused { host: reference::host(repository).to_owned(), path, status }
}

/// The digest is computed from what was sent, so that it is right even when a header is not.
fn read(repository: &str, media_type: String, body: Bytes) -> Result<Manifest, RegistryError> {
    let unreadable =
        |source| RegistryError::Unreadable { host: reference::host(repository).to_owned(), source };
    let document: Document = serde_json::from_slice(&body).map_err(unreadable)?;
    let digest = format!("sha256:{}", hex::encode(sha2::Sha256::digest(&body)));
    let digest = Digest::parse(&digest).expect("64 hexadecimal digits are a digest");
    let layer = |found: Descriptor| Layer { digest: found.digest, size: found.size };
    let layers = document.layers.into_iter().map(layer).collect();
    Ok(Manifest { digest, layers, content: Some((media_type, body)) })
}
