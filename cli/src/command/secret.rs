//! `slipway secret`: sets secrets. A value comes from standard input or a file, never from the arguments,
//! which every user of the machine can read.

use super::known;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::complain;
use crate::print;
use crate::session::Session;
use clap::{Args, Subcommand};
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::{DeleteSecretRequest, ListSecretsRequest, SetSecretRequest};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Set a secret; its value is read from standard input, without the line break at its end
    Set(Set),
    /// List names and versions
    List(List),
    /// Remove a secret; releases made from now on do without
    Remove(Named),
}

/// Which secret.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name of the app
    app: String,
    /// Name of the secret, like an environment variable
    name: String,
    /// Only of this environment
    #[arg(long, short)]
    environment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    named: Named,
    /// Read the value from this file, byte by byte: a line break at its end belongs to the value
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Name of the app
    app: String,
    /// Only of this environment
    #[arg(long, short)]
    environment: Option<String>,
}

/// A value from a file as it is, or from standard input without its last line break.
pub(crate) fn read_value(path: Option<&Path>) -> Result<Vec<u8>, Error> {
    if let Some(path) = path.filter(|path| path.as_os_str() != "-") {
        return std::fs::read(path)
            .map_err(|source| Error::Read { path: path.display().to_string(), source });
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        complain("type the value; end with Enter and Ctrl-D");
    }
    let mut value = Vec::new();
    stdin
        .read_to_end(&mut value)
        .map_err(|source| Error::Read { path: "standard input".to_owned(), source })?;
    if value.ends_with(b"\n") {
        value.pop();
    }
    Ok(value)
}

fn parent(app: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => proto::name::environment(app, environment),
        None => proto::name::app(app),
    }
}

impl Named {
    fn full(&self) -> String {
        format!("{}/secrets/{}", parent(&self.app, self.environment.as_deref()), self.name)
    }
}

impl Secret {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::Set(set) => set.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Remove(named) => named.remove(session).await,
        }
    }
}

impl Set {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let value = read_value(self.from_file.as_deref())?;
        let name = self.named.full();
        let request = SetSecretRequest { name, value, request_id: request_id() };
        let server = session.server()?;
        known::place(&server, &self.named.app, self.named.environment.as_deref()).await?;
        let answer = server.ask(request, async |channel, request| {
            SecretServiceClient::new(channel).set_secret(request).await
        });
        let secret = answer.await?.secret.unwrap_or_default();
        session.out.message(&secret, print::secret::set)?;
        Ok(Exit::Done)
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let parent = parent(&self.app, self.environment.as_deref());
        let question = ListSecretsRequest { parent, page_size: 500, page_token: String::new() };
        let server = session.server()?;
        known::place(&server, &self.app, self.environment.as_deref()).await?;
        let answer = server.ask(question, async |channel, question| {
            SecretServiceClient::new(channel).list_secrets(question).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |all| print::secret::list(&all.secrets, session.now()))?;
        Ok(Exit::Done)
    }
}

impl Named {
    async fn remove(self, session: &Session) -> Result<Exit, Error> {
        let request = DeleteSecretRequest { name: self.full(), request_id: request_id() };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            SecretServiceClient::new(channel).delete_secret(request).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |_| format!("{} is removed", self.name))?;
        Ok(Exit::Done)
    }
}
