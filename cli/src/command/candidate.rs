//! `slipway candidate`: how to ask the release that has a share of the traffic, by hand.

use super::awaited::one;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::GetCandidateRequest;
use proto::v1::release_service_client::ReleaseServiceClient;

/// Whose candidate: `shop`.
#[derive(Debug, Args)]
pub(crate) struct Candidate {
    /// Name of the app
    app: String,
    /// The environment, when releases of several move
    #[arg(long, short)]
    environment: Option<String>,
}

impl Candidate {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let place = (self.app.as_str(), self.environment.as_deref());
        let found = one(&server, place, |_| true).await?;
        let none = || Error::Conflict(format!("no release of {} moves", self.app));
        let moving = found.ok_or_else(none)?;
        let name = proto::name::environment(&moving.app, &moving.environment);
        let answer = server.ask(GetCandidateRequest { name }, async |channel, question| {
            ReleaseServiceClient::new(channel).get_candidate(question).await
        });
        session.out.message(&answer.await?, print::candidate::show)?;
        Ok(Exit::Done)
    }
}
