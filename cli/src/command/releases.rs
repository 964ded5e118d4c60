//! `slipway releases`: what was released, and everything about one release.

use super::known;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{GetReleaseRequest, ListReleasesRequest};

/// Which releases.
#[derive(Debug, Args)]
pub(crate) struct Releases {
    /// Name of the app; every app when left out
    app: Option<String>,
    /// Only of this environment
    environment: Option<String>,
    /// Everything about the release with this number
    number: Option<i64>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
}

impl Releases {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let parent = match (&self.app, &self.environment, self.number) {
            (Some(app), Some(environment), Some(number)) => {
                let name = proto::name::release(app, environment, number);
                let answer = server.ask(GetReleaseRequest { name }, async |channel, question| {
                    ReleaseServiceClient::new(channel).get_release(question).await
                });
                let answer = match answer.await {
                    Ok(answer) => answer,
                    Err(refused) => {
                        return Err(known::or_unknown(&server, refused, (app, environment)).await);
                    }
                };
                session.out.message(&answer, |answer| {
                    let release = answer.release.clone().unwrap_or_default();
                    print::release::show(&release, session.now())
                })?;
                return Ok(Exit::Done);
            }
            (Some(app), Some(environment), None) => proto::name::environment(app, environment),
            (Some(app), None, _) => proto::name::app(app),
            (None, ..) => String::new(),
        };
        let page_size = self.limit;
        let question = ListReleasesRequest { parent, page_size, page_token: String::new() };
        let answer = server.ask(question, async |channel, question| {
            ReleaseServiceClient::new(channel).list_releases(question).await
        });
        let answer = answer.await?;
        if let Some(app) = self.app.as_deref().filter(|_| answer.releases.is_empty()) {
            known::place(&server, app, self.environment.as_deref()).await?;
        }
        session.out.message(&answer, |all| print::release::list(&all.releases, session.now()))?;
        Ok(Exit::Done)
    }
}
