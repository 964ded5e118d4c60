//! How git proves who we are: a token travels in the environment as a header for one host, a key as a
//! file that only we can read. Neither is ever an argument.

use crate::repository::Repository;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The secrets of an app that git may use: a token for https, a private key for ssh.
pub(crate) const SECRETS: [&str; 2] = ["GIT_TOKEN", "GIT_SSH_KEY"];
/// Forges take any name beside a token; this is the one GitHub documents.
const TOKEN_USER: &str = "x-access-token";

/// What the app has for git; both may be missing.
#[derive(Default)]
pub(crate) struct Credentials {
    pub token: Option<Zeroizing<Vec<u8>>>,
    pub ssh_key: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

/// Credentials in the form of one call of git.
#[derive(Default)]
pub(super) struct Prepared {
    /// Settings, by name.
    pub settings: Vec<(String, Zeroizing<String>)>,
    /// Variables of the environment.
    pub variables: Vec<(&'static str, String)>,
    /// Held, because the file goes away with it.
    key: Option<NamedTempFile>,
}

impl Credentials {
    /// What git needs for `repository`; `folder` is one of ours.
    pub(super) fn prepare(
        &self,
        repository: &Repository,
        folder: &Path,
    ) -> std::io::Result<Prepared> {
        let mut prepared = Prepared::default();
        if let (Some(host), Some(token)) = (repository.https_origin(), &self.token) {
            let pair = Zeroizing::new([TOKEN_USER.as_bytes(), b":", token.trim_ascii()].concat());
            let header =
                Zeroizing::new(format!("Authorization: Basic {}", STANDARD.encode(&*pair)));
            prepared.settings.push((format!("http.{host}/.extraHeader"), header));
        }
        if repository.is_ssh() {
            let known =
                word(&format!("UserKnownHostsFile={}", folder.join("known_hosts").display()));
            let mut ssh = format!(
                "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=10 \
                 -o StrictHostKeyChecking=accept-new -o {known}"
            );
            if let Some(key) = &self.ssh_key {
                let file = key_file(key, folder)?;
                let path = word(&file.path().display().to_string());
                ssh = format!("{ssh} -o IdentitiesOnly=yes -i {path}");
                prepared.key = Some(file);
            }
            prepared.variables.push(("GIT_SSH_COMMAND", ssh));
        }
        Ok(prepared)
    }
}

fn key_file(key: &[u8], folder: &Path) -> std::io::Result<NamedTempFile> {
    // Temporary files are made readable by their owner alone.
    let mut file = tempfile::Builder::new().prefix("git-key-").tempfile_in(folder)?;
    file.write_all(key.trim_ascii())?;
    file.write_all(b"\n")?;
    file.flush()?;
    Ok(file)
}

/// One word, quoted: git gives `GIT_SSH_COMMAND` to a shell of its own, and the only values in it are
/// paths of ours.
fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::LocalRoots;
    use std::os::unix::fs::PermissionsExt;

    fn prepared(address: &str, folder: &Path) -> Prepared {
        let secret = |text: &str| Some(Zeroizing::new(text.as_bytes().to_vec()));
        let credentials = Credentials { token: secret("t0ken\n"), ssh_key: secret("KEY") };
        let repository = Repository::parse(address, &LocalRoots::default()).expect("valid");
        credentials.prepare(&repository, folder).expect("prepared")
    }

    #[test]
    fn a_token_is_for_its_host_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let prepared = prepared("https://git.example.com:8443/acme/shop.git", folder.path());
        let (name, value) = &prepared.settings[0];
        assert_eq!(name, "http.https://git.example.com:8443/.extraHeader");
        assert_eq!(value.as_str(), "Authorization: Basic eC1hY2Nlc3MtdG9rZW46dDBrZW4=");
    }

    #[test]
    fn a_key_is_a_file_only_we_can_read_and_goes_with_the_call() {
        let folder = tempfile::tempdir().expect("a folder");
        let prepared = prepared("git@github.com:acme/shop.git", folder.path());
        assert!(prepared.settings.is_empty());
        let path = prepared.key.as_ref().expect("a key").path().to_owned();
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        drop(prepared);
        assert!(!path.exists());
    }
}
