//! `slipway rollback`: goes back to an earlier release, without git, registry or build.

use super::known;
use crate::client::request_id;
use crate::command::deploy::told;
use crate::command::rollback_local::Local;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::Session;
use clap::Args;
use proto::v1::RollbackEnvironmentRequest;
use proto::v1::release_service_client::ReleaseServiceClient;

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
            return self.local.roll_back(session, environment, self.reason).await;
        }
        let server = session.server()?;
        let place = (self.app.as_str(), self.environment.as_str());
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
