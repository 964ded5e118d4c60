//! `slipway events`: what the services tell each other.

use super::known;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::WatchEventsRequest;
use proto::v1::event_service_client::EventServiceClient;

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only of this app
    #[arg(long)]
    app: Option<String>,
    /// Only of this type, as release.live; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// How many past events at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(0..))]
    tail: i32,
    /// From this place in the stream on, instead of the last few
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0, hide_default_value = true)]
    from: u64,
    /// Go on with events that come
    #[arg(long, short)]
    follow: bool,
}

impl Events {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        if let Some(app) = &self.app {
            known::app(&server, app).await?;
        }
        let question = WatchEventsRequest {
            app: self.app.unwrap_or_default(),
            types: self.types,
            from_sequence: self.from,
            tail_count: self.tail,
            follow: self.follow,
        };
        let mut events = server
            .follow(question, async |channel, question| {
                EventServiceClient::new(channel).watch_events(question).await
            })
            .await?;
        while let Some(answer) = events.next().await? {
            if let Some(event) = answer.event {
                session.out.item(&event, print::event::line)?;
            }
        }
        Ok(Exit::Done)
    }
}
