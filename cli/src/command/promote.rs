//! `slipway promote`: a person vouches for a canary that could not be judged, or releases in one environment what was
//! proved in another.

use super::known;
use crate::client::{Server, request_id};
use crate::command::deploy::told;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{PromoteEnvironmentRequest, PromoteReleaseRequest};

/// What to let go on: `shop production`, or `shop --from staging --to production`.
#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// Name of the app
    app: String,
    /// The environment whose moving release holds its share of traffic
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    environment: Option<String>,
    /// Release what was live in this environment, with the same images, without a build
    #[arg(long, value_name = "ENVIRONMENT", requires = "to")]
    from: Option<String>,
    /// Release it in this environment
    #[arg(long, value_name = "ENVIRONMENT", requires = "from")]
    to: Option<String>,
    /// Number of the release there [default: the one that is live]
    #[arg(long, value_name = "NUMBER", requires = "from")]
    release: Option<i64>,
    /// Although it was not live for long enough, with this reason; for administrators
    #[arg(long, value_name = "REASON", requires = "from")]
    override_soak: Option<String>,
    /// Follow the release to its end; the exit status is its outcome
    #[arg(long, short, requires = "from")]
    wait: bool,
}

impl Promote {
    pub(crate) async fn run(mut self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        match (self.from.take().zip(self.to.take()), self.environment.take()) {
            (Some(way), _) => self.carry_over(session, &server, way).await,
            (None, Some(environment)) => go_on(session, &server, (&self.app, &environment)).await,
            (None, None) => Err(Error::Usage("name an environment".to_owned())),
        }
    }

    async fn carry_over(
        self,
        session: &Session,
        server: &Server,
        (from, to): (String, String),
    ) -> Result<Exit, Error> {
        let request = PromoteEnvironmentRequest {
            name: proto::name::environment(&self.app, &to),
            source: from.clone(),
            number: self.release.unwrap_or_default(),
            override_soak: self.override_soak.unwrap_or_default(),
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).promote_environment(request).await
        });
        match answer.await {
            Ok(answer) => {
                told(session, server, &answer.release.unwrap_or_default(), self.wait).await
            }
            Err(refused) => Err(known::or_unknown(server, refused, (&self.app, &from)).await),
        }
    }
}

/// Lets the share of traffic go on that the moving release of an environment holds.
async fn go_on(
    session: &Session,
    server: &Server,
    (app, environment): (&str, &str),
) -> Result<Exit, Error> {
    let name = known::moving(server, app, environment).await?;
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
