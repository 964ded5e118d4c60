//! `slipway builds`: what was built.

use super::known;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::ListBuildsRequest;
use proto::v1::build_service_client::BuildServiceClient;

/// Which builds.
#[derive(Debug, Args)]
pub(crate) struct Builds {
    /// Name of the app; every app when left out
    app: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
}

impl Builds {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let question = ListBuildsRequest {
            parent: self.app.as_ref().map(proto::name::app).unwrap_or_default(),
            page_size: self.limit,
            ..ListBuildsRequest::default()
        };
        let server = session.server()?;
        let answer = server.ask(question, async |channel, question| {
            BuildServiceClient::new(channel).list_builds(question).await
        });
        let answer = answer.await?;
        known::if_empty(&server, self.app.as_deref(), answer.builds.is_empty()).await?;
        session.out.message(&answer, |all| print::build::list(&all.builds, session.now()))?;
        Ok(Exit::Done)
    }
}
