//! `slipway drift check`, `verdicts`, `accept` and `mute`: captured traffic against the reference of its model.

use super::drift_issue;
use crate::client::{Server, request_id};
use crate::error::Error;
use crate::exit::Exit;
use crate::print::drift_captured as print;
use crate::session::Session;
use clap::Args;
use proto::v1::accept_data_drift_request::Kind;
use proto::v1::data_drift_service_client::DataDriftServiceClient;
use proto::v1::{
    AcceptDataDriftRequest, CheckDataDriftRequest, GetQualityRequest, ListDataDriftRequest,
    MuteDataDriftRequest,
};
use std::time::Duration;

/// Hours.
const DAY: u64 = 24;

/// What was captured, and how far back.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// How many hours back [default: as declared, else 24]
    #[arg(long, value_name = "HOURS")]
    window: Option<u64>,
}

/// Where.
#[derive(Debug, Args)]
pub(super) struct Verdicts {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// How many, the newest first
    #[arg(long, value_name = "N", default_value_t = 30)]
    limit: i32,
}

/// What becomes the reference, and why.
#[derive(Debug, Args)]
pub(super) struct Accept {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// How many hours back [default: as declared, else 24; with --quality a week]
    #[arg(long, value_name = "HOURS")]
    window: Option<u64>,
    /// Not requests: what is known of how good the live model is becomes the standard that it is compared with
    #[arg(long)]
    quality: bool,
    /// Why it is well so; it is kept with the reference, or the standard
    #[arg(long, value_name = "TEXT")]
    why: String,
}

/// How long nothing is told, and why.
#[derive(Debug, Args)]
pub(super) struct Mute {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// For how many hours; 0 ends it
    #[arg(long, value_name = "HOURS", default_value_t = 7 * DAY)]
    hours: u64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

fn hours(count: u64) -> prost_types::Duration {
    proto::time::duration(Duration::from_secs(count.saturating_mul(3_600)))
}

pub(super) async fn check(session: &Session, it: Check) -> Result<Exit, Error> {
    let name = proto::name::environment(&it.app, &it.environment);
    let question = CheckDataDriftRequest { name, window: it.window.map(hours) };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DataDriftServiceClient::new(channel).check_data_drift(question).await
    });
    let answer = answer.await?;
    session.out.message(&answer, print::verdict)?;
    drift_issue::tell(session, &server, &it.app, Some(&it.environment)).await;
    Ok(print::exit(&answer.data_drift.unwrap_or_default()))
}

pub(super) async fn verdicts(session: &Session, it: Verdicts) -> Result<Exit, Error> {
    let name = proto::name::environment(&it.app, &it.environment);
    let question = ListDataDriftRequest { name, page_size: it.limit, page_token: String::new() };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DataDriftServiceClient::new(channel).list_data_drift(question).await
    });
    let answer = answer.await?;
    session.out.message(&answer, |all| print::verdicts(&all.data_drifts, session.now()))?;
    Ok(Exit::Done)
}

pub(super) async fn accept(session: &Session, it: Accept) -> Result<Exit, Error> {
    let name = proto::name::environment(&it.app, &it.environment);
    let (reason, request_id) = (it.why, request_id());
    let window = it.window.map(hours);
    let kind = if it.quality { Kind::Quality } else { Kind::Data };
    let server = session.server()?;
    if it.quality {
        require_standards(&server, &name).await?;
    }
    let question = AcceptDataDriftRequest { name, window, reason, request_id, kind: kind.into() };
    let answer = server.ask(question, async |channel, question| {
        DataDriftServiceClient::new(channel).accept_data_drift(question).await
    });
    session.out.message(&answer.await?, |answer| print::accepted(answer, kind))?;
    Ok(Exit::Done)
}

/// A server that has none would take it for another reference of data; nor does it tell when data are compared.
async fn require_standards(server: &Server, name: &str) -> Result<(), Error> {
    let question = GetQualityRequest { name: name.to_owned(), window: None };
    let answer = server.ask(question, async |channel, question| {
        DataDriftServiceClient::new(channel).get_quality(question).await
    });
    if answer.await?.schedule.is_empty() {
        let told = "the server is of a version that knows no standard; it must be updated first";
        return Err(Error::Conflict(told.to_owned()));
    }
    Ok(())
}

pub(super) async fn mute(session: &Session, it: Mute) -> Result<Exit, Error> {
    let name = proto::name::environment(&it.app, &it.environment);
    let (reason, request_id) = (it.why.unwrap_or_default(), request_id());
    let question =
        MuteDataDriftRequest { name, duration: Some(hours(it.hours)), reason, request_id };
    let server = session.server()?;
    let answer = server.ask(question, async |channel, question| {
        DataDriftServiceClient::new(channel).mute_data_drift(question).await
    });
    session.out.message(&answer.await?, print::muted)?;
    Ok(Exit::Done)
}
