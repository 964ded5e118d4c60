//! Credentials of registries, in the format that `docker login` writes.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The names under which the largest public registry is known.
const PUBLIC: [&str; 4] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.docker.io"];

/// Credentials by registry host.
#[derive(Debug, Clone, Default)]
pub struct RegistryAuth {
    hosts: BTreeMap<String, Login>,
}

/// What one registry is told.
#[derive(Clone)]
pub struct Login {
    /// The registry.
    pub host: String,
    /// Who.
    pub username: String,
    /// Proof.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}@{})", self.username, self.host)
    }
}

/// Not a file of credentials.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAuth {
    /// Not the JSON that `docker login` writes.
    #[error("registry credentials are not JSON as `docker login` writes it")]
    Json(#[source] serde_json::Error),
    /// An entry that is not base64 of `user:password`.
    #[error("the registry credentials of {0} are not base64 of user:password")]
    Entry(String),
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// What an entry holds; a credential helper leaves it empty.
enum Entered {
    Nothing,
    Broken,
    Login(String, String),
}

impl RegistryAuth {
    /// The credentials in `text`.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidAuth> {
        let file: File = serde_json::from_slice(text).map_err(InvalidAuth::Json)?;
        let mut hosts = BTreeMap::new();
        for (address, entry) in file.auths {
            let host = host(&address);
            match entry.login() {
                Entered::Nothing => {}
                Entered::Broken => return Err(InvalidAuth::Entry(host)),
                Entered::Login(username, password) => {
                    let password = Zeroizing::new(password);
                    hosts.insert(host.clone(), Login { host, username, password });
                }
            }
        }
        Ok(Self { hosts })
    }

    /// These credentials, and those of `other` over them.
    #[must_use]
    pub fn with(&self, other: Self) -> Self {
        let mut hosts = self.hosts.clone();
        hosts.extend(other.hosts);
        Self { hosts }
    }

    /// The credentials for a host.
    pub fn of_host(&self, address: &str) -> Option<&Login> {
        self.hosts.get(&host(address))
    }

    /// The credentials for the registry of an image.
    pub fn of_image(&self, reference: &str) -> Option<&Login> {
        self.of_host(super::reference::host(reference))
    }

    /// Every password, for the mask.
    pub fn passwords(&self) -> impl Iterator<Item = &[u8]> {
        self.hosts.values().map(|login| login.password.as_bytes())
    }

    /// The header with which the classic builder is told all of them.
    pub fn for_classic(&self) -> String {
        let all: BTreeMap<&String, DockerCredentials> =
            self.hosts.iter().map(|(host, login)| (host, login.for_engine())).collect();
        URL_SAFE.encode(serde_json::to_vec(&all).expect("a map of texts is JSON"))
    }
}

impl Login {
    /// As the engine takes it.
    pub fn for_engine(&self) -> DockerCredentials {
        DockerCredentials {
            username: Some(self.username.clone()),
            password: Some(self.password.to_string()),
            serveraddress: Some(self.host.clone()),
            ..DockerCredentials::default()
        }
    }

    /// The value of an `Authorization` header.
    pub fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.username, *self.password)))
    }
}

impl Entry {
    fn login(self) -> Entered {
        if let (Some(username), Some(password)) = (self.username, self.password) {
            return Entered::Login(username, password);
        }
        match self.auth.as_deref().map(str::trim).unwrap_or_default() {
            "" => Entered::Nothing,
            auth => decoded(auth).unwrap_or(Entered::Broken),
        }
    }
}

fn decoded(auth: &str) -> Option<Entered> {
    let pair = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
    let (username, password) = pair.split_once(':')?;
    Some(Entered::Login(username.to_owned(), password.to_owned()))
}

/// `https://index.docker.io/v1/` and its kin are one host; others lose scheme and path.
fn host(address: &str) -> String {
    let bare = address.trim_start_matches("https://").trim_start_matches("http://");
    let host = bare.split('/').next().unwrap_or_default();
    if PUBLIC.contains(&host) { "docker.io".to_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_docker_login_wrote_is_found_by_image_and_by_host() {
        let text = br#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6aHVudGVyMg=="},
            "127.0.0.1:5000":{"username":"u","password":"p"},"empty.example":{}},"credsStore":"x"}"#;
        let auth = RegistryAuth::parse(text).expect("valid");
        let password = |reference| auth.of_image(reference).map(|login| login.password.to_string());
        assert_eq!(password("python:3.11").as_deref(), Some("hunter2"));
        assert_eq!(password("127.0.0.1:5000/shop/api").as_deref(), Some("p"));
        assert_eq!(password("empty.example/x"), None);
        assert!(auth.of_host("registry-1.docker.io").is_some());
        assert!(!format!("{auth:?}").contains("hunter2"));
    }

    #[test]
    fn a_broken_entry_is_named_without_its_content() {
        let error =
            RegistryAuth::parse(br#"{"auths":{"a.b":{"auth":"c2VjcmV0"}}}"#).expect_err("no colon");
        assert_eq!(
            error.to_string(),
            "the registry credentials of a.b are not base64 of user:password"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _either: Result<RegistryAuth, InvalidAuth> = RegistryAuth::parse(&text);
        }
    }
}
