//! Credentials for registries, from a file in the form of Docker's `config.json`.

use crate::docker::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialsError {
    #[error("read the registry credentials in {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the registry credentials in {path} are not JSON as Docker's config.json")]
    Parse { path: PathBuf, source: serde_json::Error },
    #[error("the credentials for {registry} in {path} are not base64 of USER:PASSWORD")]
    Entry { path: PathBuf, registry: String },
}

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
}

#[derive(Deserialize)]
struct Auth {
    auth: String,
}

/// The credentials in the file at `path`; none without a file.
pub(crate) fn read(path: Option<&Path>) -> Result<Vec<Credentials>, CredentialsError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| CredentialsError::Read { path: path.to_owned(), source })?;
    let config: DockerConfig = serde_json::from_str(&text)
        .map_err(|source| CredentialsError::Parse { path: path.to_owned(), source })?;
    let entry = |(registry, auth): (String, Auth)| {
        let refused =
            || CredentialsError::Entry { path: path.to_owned(), registry: registry.clone() };
        let auth = Zeroizing::new(auth.auth);
        let decoded = STANDARD.decode(auth.as_bytes()).map_err(|_| refused())?;
        let decoded = String::from_utf8(decoded).map(Zeroizing::new).map_err(|_| refused())?;
        let (username, password) = decoded.split_once(':').ok_or_else(refused)?;
        Ok(Credentials {
            username: username.to_owned(),
            password: Zeroizing::new(password.to_owned()),
            registry: registry.clone(),
        })
    };
    config.auths.into_iter().map(entry).collect()
}
