//! How git proves who we are. A token travels in the environment as a header for one host, a key as a
//! file that only we can read; neither is ever an argument.

use crate::git::command::Git;
use crate::git::repository::Repository;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The secret that holds a token for https.
pub const TOKEN: &str = "GIT_TOKEN";
/// The secret that holds a private key for ssh.
pub const SSH_KEY: &str = "GIT_SSH_KEY";
/// Forges take any name beside a token; this one is what the largest of them documents.
const TOKEN_USER: &str = "x-access-token";

/// Credentials for one build.
#[derive(Debug)]
pub struct Credentials {
    header: Option<(String, Zeroizing<String>)>,
    key: Option<NamedTempFile>,
    known_hosts: PathBuf,
}

impl Credentials {
    /// What `repository` needs of the token and the key; `home` is a directory of ours.
    pub fn new(
        repository: &Repository,
        token: Option<&[u8]>,
        key: Option<&[u8]>,
        home: &Path,
    ) -> std::io::Result<Self> {
        let header = match (repository, token) {
            (Repository::Https(address), Some(token)) => Some((setting(address), basic(token))),
            _ => None,
        };
        let key = match (repository, key) {
            (Repository::Ssh(_), Some(key)) => Some(key_file(key, home)?),
            _ => None,
        };
        Ok(Self { header, key, known_hosts: home.join("known_hosts") })
    }

    /// `git` with these credentials, allowed to use the protocol of `repository` only.
    pub fn apply(&self, git: Git, repository: &Repository) -> Git {
        let mut git = git.env("GIT_ALLOW_PROTOCOL", repository.protocol());
        if let Some((name, value)) = &self.header {
            git = git.setting(name, value);
        }
        if matches!(repository, Repository::Ssh(_)) {
            git = git.env("GIT_SSH_COMMAND", self.ssh());
        }
        git
    }

    fn ssh(&self) -> String {
        let known_hosts = quoted(&format!("UserKnownHostsFile={}", self.known_hosts.display()));
        let mut ssh = format!(
            "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o {known_hosts}"
        );
        if let Some(key) = &self.key {
            let path = quoted(&key.path().display().to_string());
            ssh += " -o IdentitiesOnly=yes -i ";
            ssh += &path;
        }
        ssh
    }
}

/// The name of the header setting for the host of `address`, so that no other host sees the token.
fn setting(address: &str) -> String {
    let host = address.trim_start_matches("https://").split('/').next().unwrap_or_default();
    format!("http.https://{host}/.extraHeader")
}

fn basic(token: &[u8]) -> Zeroizing<String> {
    let pair = Zeroizing::new([TOKEN_USER.as_bytes(), b":", token.trim_ascii()].concat());
    Zeroizing::new(format!("Authorization: Basic {}", STANDARD.encode(&*pair)))
}

fn key_file(key: &[u8], home: &Path) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("key-")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(home)?;
    file.write_all(key)?;
    if !key.ends_with(b"\n") {
        file.write_all(b"\n")?;
    }
    file.flush()?;
    Ok(file)
}

/// One word for the shell that git hands `GIT_SSH_COMMAND` to.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_its_host_only() {
        assert_eq!(
            setting("https://git.example:8443/a/b.git"),
            "http.https://git.example:8443/.extraHeader"
        );
        assert_eq!(*basic(b"t0ken\n"), "Authorization: Basic eC1hY2Nlc3MtdG9rZW46dDBrZW4=");
    }

    #[test]
    fn a_key_is_a_file_only_we_can_read_and_goes_with_the_build() {
        let home = tempfile::tempdir().expect("a directory");
        let repository = Repository::Ssh("git@host:a/b".to_owned());
        let credentials =
            Credentials::new(&repository, None, Some(b"KEY"), home.path()).expect("written");
        let path = credentials.key.as_ref().expect("a key").path().to_owned();
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(credentials.ssh().contains("StrictHostKeyChecking=accept-new"));
        drop(credentials);
        assert!(!path.exists());
    }

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
    }
}
