//! `slipway deliveries`: what webhooks delivered, and doing it again.

use super::known;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::{Args, Subcommand};
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::{GetDeliveryRequest, ListDeliveriesRequest, ReplayDeliveryRequest};

/// What to do with deliveries; lists them when left out.
#[derive(Debug, Args)]
pub(crate) struct Deliveries {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List deliveries
    List(List),
    /// Show a delivery with its body
    Show(Named),
    /// Handle a delivery again, as if it had just arrived
    Replay(Named),
}

#[derive(Debug, Args)]
struct List {
    /// Only of this source; it has the name of its app
    #[arg(long)]
    source: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = LIMIT, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
}

/// Deliveries listed when nothing else is said: one screen.
const LIMIT: i32 = 20;

#[derive(Debug, Args)]
struct Named {
    /// The delivery, as the list names it
    delivery: String,
}

impl Deliveries {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self.what.unwrap_or(What::List(List { source: None, limit: LIMIT })) {
            What::List(list) => list.run(session).await,
            What::Show(named) => named.show(session).await,
            What::Replay(named) => named.replay(session).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let question = ListDeliveriesRequest {
            source: self.source.clone().unwrap_or_default(),
            page_size: self.limit,
            page_token: String::new(),
        };
        let server = session.server()?;
        let answer = server.ask(question, async |channel, question| {
            AppServiceClient::new(channel).list_deliveries(question).await
        });
        let answer = answer.await?;
        // A source has the name of its app.
        known::if_empty(&server, self.source.as_deref(), answer.deliveries.is_empty()).await?;
        let table = |all: &proto::v1::ListDeliveriesResponse| {
            print::delivery::list(&all.deliveries, session.now())
        };
        session.out.message(&answer, table)?;
        Ok(Exit::Done)
    }
}

impl Named {
    fn name(&self) -> String {
        format!("deliveries/{}", print::last(&self.delivery))
    }

    async fn show(self, session: &Session) -> Result<Exit, Error> {
        let question = GetDeliveryRequest { name: self.name() };
        let server = session.server()?;
        let answer = server.ask(question, async |channel, question| {
            AppServiceClient::new(channel).get_delivery(question).await
        });
        let delivery = answer.await?.delivery.unwrap_or_default();
        session.out.message(&delivery, print::delivery::show)?;
        Ok(Exit::Done)
    }

    async fn replay(self, session: &Session) -> Result<Exit, Error> {
        let request = ReplayDeliveryRequest { name: self.name(), request_id: request_id() };
        let server = session.server()?;
        let answer = server.ask(request, async |channel, request| {
            AppServiceClient::new(channel).replay_delivery(request).await
        });
        let delivery = answer.await?.delivery.unwrap_or_default();
        session.out.message(&delivery, print::delivery::show)?;
        Ok(Exit::Done)
    }
}
