//! `slipway app add --git-token-file`: what git needs to read a private repository must be there before the platform
//! looks at it, and so before there is an app that could have secrets.

use super::known;
use crate::client::{Server, request_id};
use crate::command::secret::read_value;
use crate::error::Error;
use clap::Args;
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::{DeleteSecretRequest, SetSecretRequest};
use std::path::{Path, PathBuf};

/// How git proves who we are.
#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// For a private repository on https: the token in this file (- is standard input), kept as the secret `GIT_TOKEN`
    #[arg(long, value_name = "FILE")]
    git_token_file: Option<PathBuf>,
    /// For a private repository on ssh: the private key in this file, kept as the secret `GIT_SSH_KEY`
    #[arg(long, value_name = "FILE", conflicts_with = "git_token_file")]
    git_ssh_key_file: Option<PathBuf>,
}

/// A secret that was set for an app that is not there yet; its resource name.
#[derive(Debug)]
pub(crate) struct Kept(String);

impl Credentials {
    /// Sets what was given as a secret of `app`. Of an app that is there already nothing is changed.
    pub(crate) async fn keep(&self, server: &Server, app: &str) -> Result<Option<Kept>, Error> {
        let Some((secret, path)) = self.given() else { return Ok(None) };
        if known::app(server, app).await.is_ok() {
            return Ok(None);
        }
        let name = format!("{}/secrets/{secret}", proto::name::app(app));
        let value = read_value(Some(path))?;
        let request = SetSecretRequest { name: name.clone(), value, request_id: request_id() };
        let answer = server.ask(request, async |channel, request| {
            SecretServiceClient::new(channel).set_secret(request).await
        });
        answer.await?;
        Ok(Some(Kept(name)))
    }

    fn given(&self) -> Option<(&'static str, &Path)> {
        let token = self.git_token_file.as_deref().map(|path| ("GIT_TOKEN", path));
        token.or_else(|| self.git_ssh_key_file.as_deref().map(|path| ("GIT_SSH_KEY", path)))
    }
}

impl Kept {
    /// Removes it again: there is no app that it could belong to.
    pub(crate) async fn forget(self, server: &Server) -> Result<(), Error> {
        let request = DeleteSecretRequest { name: self.0, request_id: request_id() };
        let answer = server.ask(request, async |channel, request| {
            SecretServiceClient::new(channel).delete_secret(request).await
        });
        answer.await?;
        Ok(())
    }
}
