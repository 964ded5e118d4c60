//! `slipway app`: registers apps and reads them.

use super::known;
use crate::client::request_id;
use crate::command::app_credentials::Credentials;
use crate::command::secret::read_value;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::complain;
use crate::print;
use crate::session::Session;
use crate::up::State;
use clap::{Args, Subcommand};
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::{
    App as Registered, CreateAppRequest, DeleteAppRequest, ListAppsRequest,
    RotateWebhookSecretRequest, UpdateAppRequest,
};
use std::path::PathBuf;

/// What to do with apps.
#[derive(Debug, Subcommand)]
pub(crate) enum App {
    /// Register a repository as an app
    Add(Add),
    /// List apps
    List,
    /// Show an app
    Show(Named),
    /// Change repository or branch, or give the policy by hand
    Apply(Apply),
    /// Forget an app, its webhook and its secrets
    #[command(visible_alias = "remove")]
    Delete(Delete),
    /// Make a second webhook secret; the older of two is dropped
    RotateSecret(Named),
}

/// A new app.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Name of the app
    name: String,
    /// Where git finds it: <https://...>, ssh://..., git@host:path
    repository: String,
    /// The branch whose slipway.yaml says who may deploy what where
    #[arg(long, default_value = "main")]
    branch: String,
    /// Use the webhook secret in this file (- is standard input) instead of a new one
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    #[command(flatten)]
    credentials: Credentials,
    /// Register nothing, only check: the name is free, the repository can be read, the branch is in it (what its
    /// slipway.yaml says is not read)
    #[arg(long)]
    dry_run: bool,
}

/// One app.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name of the app
    app: String,
}

/// An app that goes.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Name of the app
    app: String,
    /// Also when it runs: end its releases, take it from users, remove its containers and networks (volumes stay)
    #[arg(long)]
    force: bool,
}

/// What is different.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// Name of the app
    app: String,
    /// A slipway.yaml whose environments rule instead of the branch's
    #[arg(long, value_name = "FILE", conflicts_with = "clear_policy")]
    policy: Option<PathBuf>,
    /// Let the default branch rule again
    #[arg(long)]
    clear_policy: bool,
    /// Where git finds it from now on
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
    /// The branch whose slipway.yaml rules from now on
    #[arg(long)]
    branch: Option<String>,
}

impl App {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::Add(add) => add.run(session).await,
            Self::List => list(session).await,
            Self::Show(named) => named.show(session).await,
            Self::Apply(apply) => apply.run(session).await,
            Self::Delete(delete) => delete.run(session).await,
            Self::RotateSecret(named) => named.rotate(session).await,
        }
    }
}

impl Add {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let secret = self.webhook_secret_file.as_deref().map(|path| read_value(Some(path)));
        let secret = String::from_utf8(secret.transpose()?.unwrap_or_default())
            .map_err(|_| Error::Usage("the webhook secret is not UTF-8".to_owned()))?;
        let request = CreateAppRequest {
            app_id: self.name,
            app: Some(Registered {
                repository: self.repository,
                default_branch: self.branch,
                ..Registered::default()
            }),
            request_id: request_id(),
            validate_only: self.dry_run,
            webhook_secret: secret.trim_end().to_owned(),
        };
        let server = session.server()?;
        let kept = self.credentials.keep(&server, &request.app_id).await?;
        let answer = server.ask(request, async |channel, request| {
            AppServiceClient::new(channel).create_app(request).await
        });
        let answer = answer.await;
        if let Some(kept) = kept.filter(|_| self.dry_run || answer.is_err()) {
            kept.forget(&server).await?;
        }
        let answer = answer?;
        if self.dry_run {
            session.out.message(&answer, print::app::addable)?;
            return Ok(Exit::Done);
        }
        let hooks = State::read(&session.layout()).ok().flatten();
        let hooks = hooks.and_then(|state| state.addresses.get("hooks").cloned());
        session.out.message(&answer, |answer| {
            print::app::added(answer, hooks.as_deref().unwrap_or("http://YOUR-GATEWAY"))
        })?;
        Ok(Exit::Done)
    }
}

async fn list(session: &Session) -> Result<Exit, Error> {
    let server = session.server()?;
    let mut question = ListAppsRequest { page_size: 500, page_token: String::new() };
    let mut all = proto::v1::ListAppsResponse::default();
    loop {
        let answer = server.ask(question.clone(), async |channel, question| {
            AppServiceClient::new(channel).list_apps(question).await
        });
        let answer = answer.await?;
        all.apps.extend(answer.apps);
        question.page_token = answer.next_page_token;
        if question.page_token.is_empty() {
            break;
        }
    }
    session.out.message(&all, |all| print::app::list(&all.apps, session.now()))?;
    Ok(Exit::Done)
}

impl Apply {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let policy = self.policy.as_ref().map(|path| {
            std::fs::read_to_string(path)
                .map_err(|source| Error::Read { path: path.display().to_string(), source })
        });
        let request = UpdateAppRequest {
            app: Some(Registered {
                name: proto::name::app(&self.app),
                repository: self.repository.unwrap_or_default(),
                default_branch: self.branch.unwrap_or_default(),
                policy: policy.transpose()?.unwrap_or_default(),
                ..Registered::default()
            }),
            clear_policy: self.clear_policy,
            request_id: request_id(),
            validate_only: false,
        };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            AppServiceClient::new(channel).update_app(request).await
        });
        let app = answer.await?.app.unwrap_or_default();
        session.out.message(&app, print::app::show)?;
        Ok(Exit::Done)
    }
}

impl Delete {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let name = proto::name::app(&self.app);
        let request = DeleteAppRequest { name, request_id: request_id(), force: self.force };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            AppServiceClient::new(channel).delete_app(request).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |_| format!("{} is deleted; its volumes stay", self.app))?;
        Ok(Exit::Done)
    }
}

impl Named {
    async fn show(self, session: &Session) -> Result<Exit, Error> {
        let app = known::app(&session.server()?, &self.app).await?;
        session.out.message(&app, print::app::show)?;
        Ok(Exit::Done)
    }

    async fn rotate(self, session: &Session) -> Result<Exit, Error> {
        let name = proto::name::app(&self.app);
        let request = RotateWebhookSecretRequest { name, request_id: request_id() };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            AppServiceClient::new(channel).rotate_webhook_secret(request).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |answer| answer.webhook_secret.clone())?;
        if !session.out.is_json() {
            complain("enter it at the forge; the secret before it works until the next rotation");
        }
        Ok(Exit::Done)
    }
}
