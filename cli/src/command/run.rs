//! `slipway run`: runs a job of what is live, and follows it to its end.

use super::only;
use crate::client::{Refused, Server, request_id};
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::job_service_client::JobServiceClient;
use proto::v1::{RunJobRequest, WatchRunRequest};
use std::time::Duration;
use tokio::time::Instant;

/// How long a server may be away while a run is followed.
const AWAY: Duration = Duration::from_mins(1);
/// Pause before a broken stream is opened again.
const PAUSE: Duration = Duration::from_millis(500);

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
    let mut seen = Instant::now();
    // A stream begins with the first line again.
    let mut told = 0_usize;
    loop {
        match follow_once(session, server, &name, (&mut told, &mut seen)).await? {
            Ok(Some(exit)) => return Ok(exit),
            Ok(None) => {}
            Err(refused) => {
                if !refused.passes() || seen.elapsed() > AWAY {
                    return Err(refused.into());
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One stream of it: how the run ended, nothing when the stream did, or why that broke.
async fn follow_once(
    session: &Session,
    server: &Server,
    name: &str,
    (told, seen): (&mut usize, &mut Instant),
) -> Result<Result<Option<Exit>, Refused>, Error> {
    let question = WatchRunRequest { name: name.to_owned() };
    let opened = server.follow(question, async |channel, question| {
        JobServiceClient::new(channel).watch_run(question).await
    });
    let mut answers = match opened.await {
        Ok(answers) => answers,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut lines = 0;
    loop {
        let answer = match answers.next().await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(Ok(None)),
            Err(refused) => return Ok(Err(refused)),
        };
        *seen = Instant::now();
        let Some(run) = &answer.run else {
            lines += 1;
            if lines > *told {
                *told = lines;
                session.out.item(&answer, |answer| answer.line.clone())?;
            }
            continue;
        };
        if session.out.is_json() {
            session.out.item(&answer, |_| String::new())?;
        }
        session.out.note(&print::run::line(run));
        if let Some(exit) = print::run::exit(run.state()) {
            return Ok(Ok(Some(exit)));
        }
    }
}
