//! `slipway run`: runs a job of what is live, and follows it to its end.

use super::only;
use crate::client::{Server, request_id};
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{self, Follower};
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::RunJobRequest;
use proto::v1::job_service_client::JobServiceClient;

/// Which job, and what it is told.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Name of the app
    app: String,
    /// Name of the job in its slipway.yaml
    job: String,
    /// The environment [default: the only one of the app]
    #[arg(long, short)]
    environment: Option<String>,
    /// Do not wait for its end
    #[arg(long, short)]
    detach: bool,
    /// Added to the command of the job; everybody who may see the run can read them
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Run {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let environment = only::environment(&server, &self.app, self.environment).await?;
        let request = RunJobRequest {
            name: proto::name::job(&self.app, &environment, &self.job),
            arguments: self.arguments,
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            JobServiceClient::new(channel).run_job(request).await
        });
        let run = answer.await?.run.unwrap_or_default();
        if self.detach {
            session.out.message(&run, print::run::line)?;
            return Ok(Exit::Done);
        }
        follow(session, &server, run.name).await
    }
}

/// Tells what it writes, then how it ended.
pub(super) async fn follow(
    session: &Session,
    server: &Server,
    name: String,
) -> Result<Exit, Error> {
    let mut answers = Follower::new(&session.out, server, follow::Run::named(name));
    loop {
        let Some(answer) = answers.next().await? else { continue };
        let Some(run) = &answer.run else {
            session.out.item(&answer, |answer| answer.line.clone())?;
            continue;
        };
        if session.out.is_json() {
            session.out.item(&answer, |_| String::new())?;
        }
        session.out.note(&print::run::line(run));
        if let Some(exit) = print::run::exit(run.state()) {
            return Ok(exit);
        }
    }
}
