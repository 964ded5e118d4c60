//! `slipway notify`: who is told what happens, and whether it reaches them.

use super::known;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::{Args, Subcommand};
use proto::v1::notification_service_client::NotificationServiceClient;
use proto::v1::{ListSinksRequest, TestSinksRequest};

/// What to do with the sinks of an app.
#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// List who is told what, and how the last attempt went
    List(List),
    /// Send a test; a disabled sink that it reaches is told again from then on
    Test(Test),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Name of the app
    app: String,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Name of the app
    app: String,
    /// Only this one, as `notify list` names it [default: all]
    #[arg(long)]
    sink: Option<String>,
}

impl Notify {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Test(test) => test.run(session).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let question = ListSinksRequest { parent: proto::name::app(&self.app) };
        let server = session.server()?;
        known::app(&server, &self.app).await?;
        let answer = server.ask(question, async |channel, question| {
            NotificationServiceClient::new(channel).list_sinks(question).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |all| print::notify::list(&all.sinks, session.now()))?;
        Ok(Exit::Done)
    }
}

impl Test {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let request = TestSinksRequest {
            parent: proto::name::app(&self.app),
            sink: self.sink.unwrap_or_default(),
        };
        let server = session.server()?;
        known::app(&server, &self.app).await?;
        let answer = server.ask(request, async |channel, request| {
            NotificationServiceClient::new(channel).test_sinks(request).await
        });
        let answer = answer.await?;
        session.out.message(&answer, |all| print::notify::tests(&all.tests))?;
        let arrived = answer.tests.iter().all(|test| test.error.is_empty());
        Ok(if arrived { Exit::Done } else { Exit::Failed })
    }
}
