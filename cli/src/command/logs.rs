//! `slipway logs`: the output of what is live.

use super::known;
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{self, Follower};
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::WatchLogsRequest;
use std::time::Duration;

/// Whose output.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// Of this release instead of the one that is live
    #[arg(long, value_name = "NUMBER")]
    release: Option<i64>,
    /// Only of this service
    #[arg(long)]
    service: Option<String>,
    /// How many past lines of each instance
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    tail: i32,
    /// Only lines of the last so many minutes
    #[arg(long, value_name = "MINUTES")]
    since: Option<u64>,
    /// Go on with lines that come
    #[arg(long, short)]
    follow: bool,
}

impl Logs {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let name = match self.release {
            Some(number) => proto::name::release(&self.app, &self.environment, number),
            None => proto::name::environment(&self.app, &self.environment),
        };
        let since = self.since.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
        let question = WatchLogsRequest {
            name,
            service: self.service.unwrap_or_default(),
            tail_lines: self.tail,
            follow: self.follow,
            since: since.map(proto::time::duration),
            ..WatchLogsRequest::default()
        };
        let server = session.server()?;
        let lines = Follower::open(&session.out, &server, follow::Logs::of(question));
        let mut lines = match lines.await {
            Ok(lines) => lines,
            Err(refused) => {
                let place = (self.app.as_str(), self.environment.as_str());
                return Err(known::or_unknown(&server, refused, place).await);
            }
        };
        while let Some(line) = lines.next().await? {
            session.out.item(&line, print::event::log)?;
        }
        Ok(Exit::Done)
    }
}
