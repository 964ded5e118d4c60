//! `slipway rollback`: goes back to an earlier release, without git, registry or build.

use super::known;
use crate::client::{Server, request_id};
use crate::command::deploy::told;
use crate::command::rollback_local::Local;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::job_service_client::JobServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{RestoreModelRequest, RollbackEnvironmentRequest};
use std::time::Duration;

/// How long it may take to fetch a repository and push to it.
const PUSHED: Duration = Duration::from_mins(2);

/// Where, and how far.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// Number of the release to go back to [default: the newest good one older than what is live, so that the same command again leads further back]
    #[arg(default_value_t = 0, hide_default_value = true)]
    number: i64,
    /// Why, for those who read the history
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Go back also past a job that cannot be undone
    #[arg(long)]
    confirm_irreversible: bool,
    /// Commit the model of release N to the branch of the environment instead, and leave the code as it is
    #[arg(long, value_name = "N", conflicts_with_all = ["number", "reason", "confirm_irreversible", "wait"])]
    model_of: Option<i64>,
    /// Follow it to its end; the exit status is its outcome
    #[arg(long, short)]
    wait: bool,
    #[command(flatten)]
    local: Local,
}

impl Rollback {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        if self.local.is_wanted {
            let environment = format!("{}/{}", self.app, self.environment);
            let how = (self.reason, self.confirm_irreversible);
            return self.local.roll_back(session, environment, how).await;
        }
        let server = session.server()?;
        let place = (self.app.as_str(), self.environment.as_str());
        if let Some(number) = self.model_of {
            return restore_model(session, &server, place, number).await;
        }
        let request = RollbackEnvironmentRequest {
            name: proto::name::environment(place.0, place.1),
            number: self.number,
            request_id: request_id(),
            reason: self.reason,
            confirm_irreversible: self.confirm_irreversible,
        };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).rollback_environment(request).await
        });
        let release = match answer.await {
            Ok(answer) => answer.release.unwrap_or_default(),
            Err(refused) => return Err(known::or_unknown(&server, refused, place).await),
        };
        told(session, &server, &release, self.wait).await
    }
}

/// Commits the model of an earlier release; its push comes back as a change.
async fn restore_model(
    session: &Session,
    server: &Server,
    place: (&str, &str),
    number: i64,
) -> Result<Exit, Error> {
    let parent = proto::name::environment(place.0, place.1);
    let request = RestoreModelRequest { parent, number, request_id: request_id() };
    let answer = server.ask_within(PUSHED, request, async |channel, request| {
        JobServiceClient::new(channel).restore_model(request).await
    });
    session.out.message(&answer.await?, |answer| {
        print::run::made(&answer.committed.clone().unwrap_or_default())
    })?;
    Ok(Exit::Done)
}
