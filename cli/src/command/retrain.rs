//! `slipway retrain`: makes the model of what is live anew. What comes of it is committed, and comes back as a change.

use super::only;
use super::run::follow;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::RetrainRequest;
use proto::v1::job_service_client::JobServiceClient;

/// Which model, and why.
#[derive(Debug, Args)]
pub(crate) struct Retrain {
    /// Name of the app
    app: String,
    /// The environment [default: the only one of the app]
    #[arg(long, short)]
    environment: Option<String>,
    /// The job that trains [default: the only one that commits]
    #[arg(long, default_value = "", hide_default_value = true)]
    job: String,
    /// Why, for those who read the list of runs
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Release what comes of it at GitHub, too, with its files
    #[arg(long)]
    release: bool,
    /// Do not wait for its end
    #[arg(long, short)]
    detach: bool,
}

impl Retrain {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let environment = only::environment(&server, &self.app, self.environment).await?;
        let request = RetrainRequest {
            parent: proto::name::environment(&self.app, &environment),
            job: self.job,
            reason: self.reason,
            release: self.release,
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            JobServiceClient::new(channel).retrain(request).await
        });
        let run = answer.await?.run.unwrap_or_default();
        if self.detach {
            session.out.message(&run, print::run::line)?;
            return Ok(Exit::Done);
        }
        follow(session, &server, run.name).await
    }
}
