//! `slipway drift`: what runs against what was released.

use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::{CheckDriftRequest, ListDriftRequest};

/// Where to look.
#[derive(Debug, Args)]
pub(crate) struct Drift {
    /// Name of the app; every app when left out
    app: Option<String>,
    /// The environment; it is looked at now, instead of reading the last verdict
    environment: Option<String>,
}

impl Drift {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        if let (Some(app), Some(environment)) = (&self.app, &self.environment) {
            let question = CheckDriftRequest { name: proto::name::environment(app, environment) };
            let answer = server.ask(question, async |channel, question| {
                DriftServiceClient::new(channel).check_drift(question).await
            });
            let verdicts = [answer.await?.environment.unwrap_or_default()];
            session.out.message(&verdicts[0], |_| print::drift::list(&verdicts, session.now()))?;
            return Ok(print::drift::exit(&verdicts));
        }
        let parent = self.app.map(proto::name::app).unwrap_or_default();
        let question = ListDriftRequest { parent, page_size: 500, page_token: String::new() };
        let answer = server.ask(question, async |channel, question| {
            DriftServiceClient::new(channel).list_drift(question).await
        });
        let all = answer.await?;
        session.out.message(&all, |all| print::drift::list(&all.environments, session.now()))?;
        Ok(print::drift::exit(&all.environments))
    }
}
