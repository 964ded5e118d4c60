//! `slipway token`: who may do what.

use super::known;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use chrono::TimeDelta;
use clap::{Args, Subcommand, ValueEnum};
use proto::v1::token_service_client::TokenServiceClient;
use proto::v1::{
    CreateTokenRequest, DeleteTokenRequest, Grant, ListTokensRequest, Token as Kept, grant,
};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token; it is shown once
    Create(Create),
    /// List tokens and what they may do
    List,
    /// End a token at once
    Revoke(Named),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name of the token, as ci
    name: String,
    /// What it may do: read, also deploy and roll back and set secrets, or everything
    #[arg(long, value_enum)]
    role: Role,
    /// Only with this app
    #[arg(long)]
    app: Option<String>,
    /// Only with this environment; without --app, with the one of this name of every app
    #[arg(long, short)]
    environment: Option<String>,
    /// It ends after so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    expires: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name of the token
    name: String,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Read.
    Viewer,
    /// Read, deploy, cancel, roll back, set secrets.
    Deployer,
    /// Everything.
    Admin,
}

impl From<Role> for grant::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Deployer => Self::Deployer,
            Role::Admin => Self::Admin,
        }
    }
}

impl Token {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::Create(create) => create.run(session).await,
            Self::List => list(session).await,
            Self::Revoke(named) => named.revoke(session).await,
        }
    }
}

impl Create {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let grant = Grant {
            role: grant::Role::from(self.role).into(),
            app: self.app.unwrap_or_default(),
            environment: self.environment.unwrap_or_default(),
        };
        let server = session.server()?;
        if !grant.app.is_empty() {
            let environment = Some(grant.environment.as_str()).filter(|name| !name.is_empty());
            known::place(&server, &grant.app, environment).await?;
        }
        let expires = self.expires.map(|days| session.now() + TimeDelta::days(days.into()));
        let request = CreateTokenRequest {
            token_id: self.name,
            token: Some(Kept {
                grants: vec![grant],
                expire_time: expires.map(proto::time::timestamp),
                ..Kept::default()
            }),
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            TokenServiceClient::new(channel).create_token(request).await
        });
        let answer = answer.await?;
        session.out.message(&answer, print::token::created)?;
        Ok(Exit::Done)
    }
}

async fn list(session: &Session) -> Result<Exit, Error> {
    let question = ListTokensRequest { page_size: 500, page_token: String::new() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        TokenServiceClient::new(channel).list_tokens(question).await
    });
    let answer = answer.await?;
    session.out.message(&answer, |all| print::token::list(&all.tokens, session.now()))?;
    Ok(Exit::Done)
}

impl Named {
    async fn revoke(self, session: &Session) -> Result<Exit, Error> {
        let name = format!("tokens/{}", self.name);
        let request = DeleteTokenRequest { name, request_id: request_id() };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            TokenServiceClient::new(channel).delete_token(request).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |_| format!("{} is revoked", self.name))?;
        Ok(Exit::Done)
    }
}
