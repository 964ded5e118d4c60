//! `slipway build-log`: what a build said.

use super::known;
use crate::client::Server;
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{self, Follower};
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::{GetBuildRequest, ListBuildsRequest, WatchBuildLogRequest};

/// Which build, and how long.
#[derive(Debug, Args)]
#[group(id = "which", required = true, args = ["build", "app"])]
pub(crate) struct BuildLog {
    /// The build, as `slipway builds` names it
    build: Option<String>,
    /// The latest build of this app
    #[arg(long)]
    app: Option<String>,
    /// Go on until the build ends; the exit status is its outcome
    #[arg(long, short)]
    follow: bool,
}

impl BuildLog {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let name = match (self.build, self.app) {
            (Some(build), _) => format!("builds/{}", print::last(&build)),
            (None, Some(app)) => latest(&server, &app).await?,
            (None, None) => return Err(Error::Usage("name a build or an app".to_owned())),
        };
        let question = WatchBuildLogRequest { name: name.clone(), offset: 0, follow: self.follow };
        let mut log = Follower::open(&session.out, &server, follow::BuildLog(question)).await?;
        while let Some(part) = log.next().await? {
            if session.out.is_json() {
                session.out.text(&print::json::line(&part))?;
            } else {
                session.out.text(&part.lines.join("\n"))?;
            }
        }
        if self.follow { outcome(&server, name).await } else { Ok(Exit::Done) }
    }
}

async fn latest(server: &Server, app: &str) -> Result<String, Error> {
    let parent = proto::name::app(app);
    let question = ListBuildsRequest { parent, page_size: 1, ..ListBuildsRequest::default() };
    let answer = server.ask(question, async |channel, question| {
        BuildServiceClient::new(channel).list_builds(question).await
    });
    let build = answer.await?.builds.into_iter().next();
    known::if_empty(server, Some(app), build.is_none()).await?;
    build.map(|build| build.name).ok_or_else(|| Error::NotFound(format!("{app} has no builds yet")))
}

async fn outcome(server: &Server, name: String) -> Result<Exit, Error> {
    let answer = server.ask(GetBuildRequest { name }, async |channel, question| {
        BuildServiceClient::new(channel).get_build(question).await
    });
    let build = answer.await?.build.unwrap_or_default();
    Ok(print::build::exit(build.state()).unwrap_or(Exit::Done))
}
