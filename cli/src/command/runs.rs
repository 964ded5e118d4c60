//! `slipway runs`: what ran, and what one run wrote.

use super::{known, only};
use crate::client::Server;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::job_service_client::JobServiceClient;
use proto::v1::{GetRunRequest, Job, ListJobsRequest, ListRunsRequest};

/// Which runs.
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Name of the app; every app when left out
    app: Option<String>,
    /// Everything about the run with this id, with its last lines
    run: Option<String>,
    /// Only of this environment
    #[arg(long, short, requires = "app")]
    environment: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
}

impl Runs {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        if let Some(run) = &self.run {
            let question = GetRunRequest { name: format!("runs/{run}") };
            let answer = server.ask(question, async |channel, question| {
                JobServiceClient::new(channel).get_run(question).await
            });
            session.out.message(&answer.await?, |answer| {
                let run = answer.run.clone().unwrap_or_default();
                print::run::show(&run, &answer.log_lines, session.now())
            })?;
            return Ok(Exit::Done);
        }
        let parent = match (&self.app, &self.environment) {
            (Some(app), Some(environment)) => proto::name::environment(app, environment),
            (Some(app), None) => proto::name::app(app),
            (None, _) => String::new(),
        };
        let page_size = self.limit;
        let question = ListRunsRequest { parent, page_size, page_token: String::new() };
        let answer = server.ask(question, async |channel, question| {
            JobServiceClient::new(channel).list_runs(question).await
        });
        let answer = answer.await?;
        known::if_empty(&server, self.app.as_deref(), answer.runs.is_empty()).await?;
        let mut due = Vec::new();
        if let Some(app) = self.app.as_deref().filter(|_| !session.out.is_json()) {
            due = due_by_clock(&server, app, self.environment.as_deref()).await?;
        }
        session.out.message(&answer, |all| {
            let now = session.now();
            let runs = print::run::list(&all.runs, now);
            let due = due.iter().map(|job| print::run::next(job, now));
            std::iter::once(runs).chain(due).collect::<Vec<_>>().join("\n")
        })?;
        Ok(Exit::Done)
    }
}

/// The jobs of an app that the clock runs, what is due first first.
async fn due_by_clock(
    server: &Server,
    app: &str,
    environment: Option<&str>,
) -> Result<Vec<Job>, Error> {
    let mut jobs = Vec::new();
    for name in only::environments(server, app).await? {
        if environment.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let question = ListJobsRequest { parent: proto::name::environment(app, &name) };
        let answer = server.ask(question, async |channel, question| {
            JobServiceClient::new(channel).list_jobs(question).await
        });
        jobs.extend(answer.await?.jobs.into_iter().filter(|job| job.next_time.is_some()));
    }
    jobs.sort_by_key(|job| job.next_time.map(|time| (time.seconds, time.nanos)));
    Ok(jobs)
}
