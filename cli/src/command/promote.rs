//! `slipway promote`: a person vouches for a canary that could not be judged.

use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{GetEnvironmentRequest, PromoteReleaseRequest};

/// What to let go on: `shop production`.
#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// Name of the app
    app: String,
    /// The environment whose moving release holds its share of traffic
    environment: String,
}

impl Promote {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (server, Self { app, environment }) = (session.server()?, self);
        let name = proto::name::environment(&app, &environment);
        let answer = server.ask(GetEnvironmentRequest { name }, async |channel, question| {
            ReleaseServiceClient::new(channel).get_environment(question).await
        });
        let moving = answer.await?.environment.unwrap_or_default().moving;
        let none = || Error::Conflict(format!("no release of {app}/{environment} moves"));
        let name = moving.ok_or_else(none)?.name;
        let request = PromoteReleaseRequest { name, request_id: request_id() };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).promote_release(request).await
        });
        let release = answer.await?.release.unwrap_or_default();
        session.out.message(&release, |release| {
            format!("{} goes on with its next share of traffic", print::release::title(release))
        })?;
        Ok(Exit::Done)
    }
}
