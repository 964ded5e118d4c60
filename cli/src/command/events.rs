//! `slipway events`: what the services tell each other, and what of it was put aside.

use super::known;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{self, Follower};
use crate::print;
use crate::session::Session;
use clap::{Args, Subcommand};
use proto::v1::event_service_client::EventServiceClient;
use proto::v1::{
    DropParkedEventRequest, ListParkedEventsRequest, RetryParkedEventRequest, WatchEventsRequest,
};

/// What to do with events; reads them when left out.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Events {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List events that were put aside because nobody can handle or publish them
    Parked(Parked),
    /// Hand a parked event back to the service that put it aside
    Retry(Named),
    /// Forget a parked event
    Drop(Named),
}

#[derive(Debug, Args)]
struct Parked {
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
}

#[derive(Debug, Args)]
struct Named {
    /// The number of the event, as `slipway events parked` lists it
    number: String,
}

/// Which events.
#[derive(Debug, Args)]
struct Watch {
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
        match self.what {
            None => self.watch.run(session).await,
            Some(What::Parked(parked)) => parked.run(session).await,
            Some(What::Retry(named)) => named.retry(session).await,
            Some(What::Drop(named)) => named.forget(session).await,
        }
    }
}

impl Parked {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let question = ListParkedEventsRequest { page_size: self.limit, page_token: String::new() };
        let server = session.server()?;
        let answer = server.ask(question, async |channel, question| {
            EventServiceClient::new(channel).list_parked_events(question).await
        });
        session.out.message(&answer.await?, |all| {
            print::parked::list(&all.parked_events, session.now())
        })?;
        Ok(Exit::Done)
    }
}

impl Named {
    fn name(&self) -> String {
        format!("parkedEvents/{}", print::last(&self.number))
    }

    async fn retry(self, session: &Session) -> Result<Exit, Error> {
        let request = RetryParkedEventRequest { name: self.name(), request_id: request_id() };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            EventServiceClient::new(channel).retry_parked_event(request).await
        });
        let parked = answer.await?.parked_event.unwrap_or_default();
        session.out.message(&parked, print::parked::handed_back)?;
        Ok(Exit::Done)
    }

    async fn forget(self, session: &Session) -> Result<Exit, Error> {
        let request = DropParkedEventRequest { name: self.name(), request_id: request_id() };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            EventServiceClient::new(channel).drop_parked_event(request).await
        });
        let number = print::last(&self.number).to_owned();
        session.out.message(&answer.await?, |_| format!("{number} is forgotten"))?;
        Ok(Exit::Done)
    }
}

impl Watch {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
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
        let mut events = Follower::open(&session.out, &server, follow::Events(question)).await?;
        let mut is_first = !session.out.is_json();
        while let Some(answer) = events.next().await? {
            let Some(event) = answer.event else { continue };
            if std::mem::take(&mut is_first) {
                session.out.text(&print::event::head())?;
            }
            session.out.item(&event, print::event::line)?;
        }
        Ok(Exit::Done)
    }
}
