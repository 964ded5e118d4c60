//! `slipway status`: what is live and what moves, now or while it moves.

use super::known;
use crate::client::Server;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use crate::watch;
use clap::Args;
use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{
    EnvironmentDrift, GetEnvironmentRequest, ListDriftRequest, ListEnvironmentsRequest,
    ListEnvironmentsResponse,
};
use tonic::Code;

/// Of what, and whether to stay.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Name of the app; every app when left out
    app: Option<String>,
    /// Only this environment
    environment: Option<String>,
    /// Follow the release that moves, or else the next one, to its end; the exit status is its outcome
    #[arg(long, short)]
    watch: bool,
}

impl Status {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        if self.watch {
            return self.follow(session, &server).await;
        }
        let all = match (&self.app, &self.environment) {
            (Some(app), Some(environment)) => one(&server, app, environment).await?,
            (app, _) => many(&server, app.as_deref()).await?,
        };
        known::if_empty(&server, self.app.as_deref(), all.environments.is_empty()).await?;
        // Programs get the contract's message; `slipway drift` tells them this.
        let verdicts = if session.out.is_json() {
            Vec::new()
        } else {
            verdicts(session, &server, self.parent()).await
        };
        session.out.message(&all, |all| {
            print::environment::list(&all.environments, &verdicts, session.now())
        })?;
        Ok(Exit::Done)
    }

    fn parent(&self) -> String {
        match (&self.app, &self.environment) {
            (Some(app), Some(environment)) => proto::name::environment(app, environment),
            (Some(app), None) => proto::name::app(app),
            (None, _) => String::new(),
        }
    }

    async fn follow(self, session: &Session, server: &Server) -> Result<Exit, Error> {
        if let Some(app) = &self.app {
            known::place(server, app, self.environment.as_deref()).await?;
        }
        let parent = self.parent();
        session.out.note("following what moves; Ctrl-C ends only the view");
        watch::releases(session, server, &parent, None, |release, began_since| {
            began_since || print::release::outcome(release.state()).is_none()
        })
        .await
    }
}

/// What the monitor knows of what runs; releases are shown without it, too.
async fn verdicts(session: &Session, server: &Server, parent: String) -> Vec<EnvironmentDrift> {
    let question = ListDriftRequest { parent, page_size: 500, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        DriftServiceClient::new(channel).list_drift(question).await
    });
    match answer.await {
        Ok(answer) => answer.environments,
        Err(refused) => {
            session.out.note(&format!("whether it runs is not known: {refused}"));
            Vec::new()
        }
    }
}

async fn one(
    server: &Server,
    app: &str,
    environment: &str,
) -> Result<ListEnvironmentsResponse, Error> {
    let name = proto::name::environment(app, environment);
    let answer = server.ask(GetEnvironmentRequest { name }, async |channel, question| {
        ReleaseServiceClient::new(channel).get_environment(question).await
    });
    match answer.await {
        Ok(answer) => Ok(ListEnvironmentsResponse {
            environments: answer.environment.into_iter().collect(),
            next_page_token: String::new(),
        }),
        // It may be one that had no release yet.
        Err(refused) if refused.code() == Code::NotFound => {
            known::environment(server, app, environment).await?;
            Ok(ListEnvironmentsResponse::default())
        }
        Err(refused) => Err(refused.into()),
    }
}

async fn many(server: &Server, app: Option<&str>) -> Result<ListEnvironmentsResponse, Error> {
    let parent = app.map(proto::name::app).unwrap_or_default();
    let question = ListEnvironmentsRequest { parent, page_size: 500, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).list_environments(question).await
    });
    Ok(answer.await?)
}
