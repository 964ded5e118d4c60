//! `slipway drift`: what runs against what was released.

use super::drift_captured::{self, Accept, Check, Mute, Verdicts};
use super::drift_data::DriftData;
use super::drift_truth::{self, Show, Truth};
use super::{drift_issue, known};
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::{Args, Subcommand};
use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::{
    AdoptDriftRequest, CheckDriftRequest, HealDriftRequest, ListDriftRequest, ListPastDriftRequest,
};

/// Where to look, and what to do.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Drift {
    #[command(subcommand)]
    act: Option<Act>,
    /// Name of the app; every app when left out
    app: Option<String>,
    /// The environment; it is looked at now, instead of reading the last verdict
    environment: Option<String>,
}

/// What to do about what differs.
#[derive(Debug, Subcommand)]
enum Act {
    /// Restore what was released, whatever the mode, once
    Heal(Place),
    /// Make a release of what runs: a fix by hand becomes what is wanted
    Adopt(Place),
    /// What differed before
    History(Place),
    /// Compare captured traffic of the live release with its reference, now
    Check(Check),
    /// What followed each time captured traffic was compared
    #[command(visible_alias = "list")]
    Verdicts(Verdicts),
    /// Make captured traffic the reference, or how good the model is the standard: it is well so
    Accept(Accept),
    /// Tell nothing of drift of data, nor of a model that got worse, for a while
    Mute(Mute),
    /// Say what was true of captured predictions
    Truth(Truth),
    /// What is known of captured traffic: the last verdict, and how good models are by what was true
    Show(Show),
    /// Compare data in a file or a database with their reference in another, without a server
    Data(DriftData),
}

/// An environment of an app.
#[derive(Debug, Args)]
struct Place {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
}

impl Place {
    fn name(&self) -> String {
        proto::name::environment(&self.app, &self.environment)
    }
}

impl Drift {
    /// It is about data, not about what runs.
    pub(crate) fn is_of_data(&self) -> bool {
        matches!(self.act, Some(Act::Data(_)))
    }

    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self.act {
            Some(Act::Heal(place)) => heal(session, &place).await,
            Some(Act::Adopt(place)) => adopt(session, &place).await,
            Some(Act::History(place)) => history(session, &place).await,
            Some(Act::Check(it)) => drift_captured::check(session, it).await,
            Some(Act::Verdicts(it)) => drift_captured::verdicts(session, it).await,
            Some(Act::Accept(it)) => drift_captured::accept(session, it).await,
            Some(Act::Mute(it)) => drift_captured::mute(session, it).await,
            Some(Act::Truth(it)) => drift_truth::tell(session, it).await,
            Some(Act::Show(it)) => drift_truth::show(session, it).await,
            Some(Act::Data(data)) => data.run(session).await,
            None => match (self.app, self.environment) {
                (Some(app), Some(environment)) => check(session, &Place { app, environment }).await,
                (app, _) => list(session, app).await,
            },
        }
    }
}

async fn check(session: &Session, place: &Place) -> Result<Exit, Error> {
    let question = CheckDriftRequest { name: place.name() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DriftServiceClient::new(channel).check_drift(question).await
    });
    let verdicts = [answer.await?.environment.unwrap_or_default()];
    session.out.message(&verdicts[0], |_| print::drift::list(&verdicts, session.now()))?;
    drift_issue::tell(session, &server, &place.app, Some(&place.environment)).await;
    Ok(print::drift::exit(&verdicts))
}

async fn list(session: &Session, app: Option<String>) -> Result<Exit, Error> {
    let parent = app.as_ref().map(proto::name::app).unwrap_or_default();
    let question = ListDriftRequest { parent, page_size: 500, page_token: String::new() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DriftServiceClient::new(channel).list_drift(question).await
    });
    let all = answer.await?;
    known::if_empty(&server, app.as_deref(), all.environments.is_empty()).await?;
    session.out.message(&all, |all| print::drift::list(&all.environments, session.now()))?;
    if let Some(app) = app {
        drift_issue::tell(session, &server, &app, None).await;
    }
    Ok(print::drift::exit(&all.environments))
}

async fn heal(session: &Session, place: &Place) -> Result<Exit, Error> {
    let question = HealDriftRequest { name: place.name(), request_id: request_id() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DriftServiceClient::new(channel).heal_drift(question).await
    });
    let verdicts = [answer.await?.environment.unwrap_or_default()];
    session.out.message(&verdicts[0], |_| print::drift::list(&verdicts, session.now()))?;
    Ok(Exit::Done)
}

async fn adopt(session: &Session, place: &Place) -> Result<Exit, Error> {
    let question = AdoptDriftRequest { name: place.name(), request_id: request_id() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DriftServiceClient::new(channel).adopt_drift(question).await
    });
    let adopted = answer.await?;
    session.out.message(&adopted, print::drift::adopted)?;
    Ok(Exit::Done)
}

async fn history(session: &Session, place: &Place) -> Result<Exit, Error> {
    let question =
        ListPastDriftRequest { name: place.name(), page_size: 100, page_token: String::new() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DriftServiceClient::new(channel).list_past_drift(question).await
    });
    let past = answer.await?;
    session.out.message(&past, |past| print::drift::past(&past.findings, session.now()))?;
    Ok(Exit::Done)
}
