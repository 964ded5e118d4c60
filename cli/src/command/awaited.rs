//! The release that is meant by an app alone: the one in its environments that moves or waits. It is found once, and
//! what is decided is about that release, whatever comes after it.

use crate::client::Server;
use crate::error::Error;
use crate::print;
use clap::Args;
use proto::v1::release::State;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{ListEnvironmentsRequest, Release};

/// A release that waits for a decision.
#[derive(Debug, Args)]
pub(super) struct Awaited {
    /// Name of the app
    app: String,
    /// Number of the release [default: the one that waits]
    release: Option<i64>,
    /// The environment it is for, when releases of several wait
    #[arg(long, short)]
    environment: Option<String>,
}

impl Awaited {
    /// The one that is meant.
    pub(super) async fn find(&self, server: &Server) -> Result<Release, Error> {
        let is_meant = |release: &Release| {
            let waits = matches!(release.state(), State::AwaitingApproval | State::AwaitingWindow);
            waits && self.release.is_none_or(|wanted| wanted == release.number)
        };
        let place = (self.app.as_str(), self.environment.as_deref());
        let found = one(server, place, is_meant).await?;
        found.ok_or_else(|| {
            let number = self.release.map(|number| format!(" #{number}")).unwrap_or_default();
            let (app, environment) = (&self.app, self.environment.as_deref());
            let place = environment.map_or_else(|| app.clone(), |name| format!("{app}/{name}"));
            Error::Conflict(format!("no release {place}{number} waits for anybody"))
        })
    }
}

/// The one release of an app that moves or waits and is meant; an error when several are.
pub(super) async fn one(
    server: &Server,
    (app, environment): (&str, Option<&str>),
    is_meant: impl Fn(&Release) -> bool,
) -> Result<Option<Release>, Error> {
    let parent = proto::name::app(app);
    let question = ListEnvironmentsRequest { parent, page_size: 500, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).list_environments(question).await
    });
    let moving = answer.await?.environments.into_iter().filter_map(|place| place.moving);
    let is_here = |release: &Release| environment.is_none_or(|name| release.environment == name);
    let meant: Vec<Release> =
        moving.filter(|release| is_here(release) && is_meant(release)).collect();
    if meant.len() > 1 {
        let all: Vec<_> = meant.iter().map(print::release::title).collect();
        let message = format!("it can be {}; say which with --environment", all.join(" or "));
        return Err(Error::Usage(message));
    }
    Ok(meant.into_iter().next())
}
