//! `slipway cancel`: ends a release that moves, or a build.

use super::known;
use crate::client::{Server, request_id};
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{CancelBuildRequest, CancelReleaseRequest};

/// What to end: `shop production`, or a build.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// Name of the app, or a build as `slipway builds` names it
    #[arg(value_name = "APP|BUILD")]
    what: String,
    /// The environment whose moving release to end; not with a build
    environment: Option<String>,
}

impl Cancel {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        match &self.environment {
            Some(environment) => release(session, &server, &self.what, environment).await,
            None if uuid::Uuid::parse_str(print::last(&self.what)).is_err() => {
                let how =
                    "name the environment beside the app, or a build as `slipway builds` lists it";
                Err(Error::Usage(how.to_owned()))
            }
            None => build(session, &server, &self.what).await,
        }
    }
}

async fn release(
    session: &Session,
    server: &Server,
    app: &str,
    environment: &str,
) -> Result<Exit, Error> {
    let name = known::moving(server, app, environment).await?;
    let request = CancelReleaseRequest { name, request_id: request_id() };
    let answer = server.ask(request, async |channel, request| {
        ReleaseServiceClient::new(channel).cancel_release(request).await
    });
    let release = answer.await?.release.unwrap_or_default();
    session.out.message(&release, |release| {
        format!(
            "{} is asked to end; it is {}",
            print::release::title(release),
            print::release::state(release)
        )
    })?;
    Ok(Exit::Done)
}

async fn build(session: &Session, server: &Server, build: &str) -> Result<Exit, Error> {
    let name = format!("builds/{}", print::last(build));
    let request = CancelBuildRequest { name, request_id: request_id() };
    let answer = server.ask(request, async |channel, request| {
        BuildServiceClient::new(channel).cancel_build(request).await
    });
    let build = answer.await?.build.unwrap_or_default();
    session.out.message(&build, |build| {
        format!("build {} {}", print::last(&build.name), print::build::ended(build.state()))
    })?;
    Ok(Exit::Done)
}
