//! `slipway pause`, `resume` and `maintenance`: whether requests reach an environment.

use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::SetTrafficRequest;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::set_traffic_request::Mode;

/// Where.
#[derive(Debug, Args)]
pub(crate) struct Traffic {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
}

impl Traffic {
    pub(crate) async fn run(self, session: &Session, mode: Mode) -> Result<Exit, Error> {
        let request = SetTrafficRequest {
            name: proto::name::environment(&self.app, &self.environment),
            mode: mode.into(),
            request_id: request_id(),
        };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).set_traffic(request).await
        });
        let environment = answer.await?.environment.unwrap_or_default();
        session.out.message(&environment, |environment| {
            let name = print::environment::name(environment);
            match environment.traffic.as_str() {
                "maintenance" => {
                    format!("{name} is in maintenance: requests are answered with 503")
                }
                "paused" => format!("{name} is paused: requests wait"),
                traffic => format!("{name} is {traffic}"),
            }
        })?;
        Ok(Exit::Done)
    }
}
