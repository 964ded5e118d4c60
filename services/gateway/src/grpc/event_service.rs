//! `EventService`: the bus, for people and programs that read along. Each sees the events of what it may see.

use super::parked;
use super::read::must_see;
use crate::app::App;
use bus::{Heard, Tail, TailError};
use events::{AppName, Envelope, EnvironmentName, EventType};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use proto::v1::event_service_server::EventService;
use proto::v1::{
    DropParkedEventRequest, DropParkedEventResponse, Event, ListParkedEventsRequest,
    ListParkedEventsResponse, RetryParkedEventRequest, RetryParkedEventResponse,
    WatchEventsRequest, WatchEventsResponse,
};
use service::grpc::status;
use service::principal::Principal;
use std::pin::Pin;
use tonic::{Request, Response, Status};

/// Past events shown at most when no sequence is given.
const LONGEST_TAIL: i32 = 10_000;

/// `EventService`.
#[derive(Debug, Clone)]
pub(crate) struct EventApi(pub App);

fn wire(heard: Heard) -> Event {
    let Heard { sequence, envelope, .. } = heard;
    Event {
        id: envelope.id.to_string(),
        r#type: envelope.event_type.to_string(),
        source: envelope.source,
        app: envelope.app.into(),
        time: Some(proto::time::timestamp(envelope.at)),
        traceparent: envelope.traceparent.unwrap_or_default(),
        data: envelope.data.to_string(),
        sequence,
    }
}

/// An event, or the place after it alone where the reader may not see it: also who saw none goes on after it.
fn answer(principal: &Principal, heard: Heard) -> WatchEventsResponse {
    let next_sequence = heard.sequence + 1;
    let event = sees(principal, &heard.envelope).then(|| wire(heard));
    WatchEventsResponse { event, next_sequence }
}

fn sees(principal: &Principal, envelope: &Envelope) -> bool {
    let environment = envelope.data.get("environment").and_then(|value| value.as_str());
    let environment = environment.and_then(|name| EnvironmentName::parse(name).ok());
    principal.sees(&envelope.app, environment.as_ref())
}

fn tail(principal: &Principal, request: &WatchEventsRequest) -> Result<Tail, Status> {
    let app = Some(request.app.as_str()).filter(|app| !app.is_empty());
    let app = app.map(|app| AppName::parse(app.trim_start_matches("apps/"))).transpose();
    let app = app.map_err(|error| status::invalid("app", error.to_string()))?;
    if let Some(app) = &app {
        must_see(principal, app)?;
    }
    let known = |name: &String| {
        EventType::parse(name)
            .ok_or_else(|| status::invalid("types", format!("there is no event type {name}")))
    };
    let types = request.types.iter().map(known).collect::<Result<_, _>>()?;
    let count = u64::try_from(request.tail_count.min(LONGEST_TAIL))
        .map_err(|_| status::invalid("tail_count", "must not be negative"))?;
    Ok(Tail { app, types, from_sequence: request.from_sequence, count })
}

fn away(error: &TailError) -> Status {
    status::unavailable("NATS_AWAY", error.to_string())
}

/// What is heard; without `follow`, up to the last of the events that were there at the start.
fn until_caught_up(
    heard: BoxStream<'static, Result<Heard, TailError>>,
    follow: bool,
) -> impl Stream<Item = Result<Heard, TailError>> + Send {
    stream::unfold(Some(heard), move |heard| async move {
        let mut heard = heard?;
        let next = heard.next().await?;
        let last = !follow && next.as_ref().map_or(true, |heard| heard.pending == 0);
        Some((next, (!last).then_some(heard)))
    })
}

type Watched = Pin<Box<dyn Stream<Item = Result<WatchEventsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl EventService for EventApi {
    type WatchEventsStream = Watched;

    async fn watch_events(
        &self,
        request: Request<WatchEventsRequest>,
    ) -> Result<Response<Watched>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let tail = tail(&principal, &request)?;
        let bus = self.0.bus.load_full();
        let bus =
            bus.ok_or_else(|| status::unavailable("NATS_AWAY", "the bus does not answer yet"))?;
        let (past, heard) = bus.tail(tail).await.map_err(|error| away(&error))?;
        let follow = request.follow;
        if past.count == 0 && !follow {
            return Ok(Response::new(stream::empty().boxed()));
        }
        // Who comes back before the first event begins where this watch did.
        let place = (past.count == 0)
            .then_some(WatchEventsResponse { event: None, next_sequence: past.end });
        let answers = until_caught_up(heard.boxed(), follow).map(move |heard| {
            heard.map(|heard| answer(&principal, heard)).map_err(|error| away(&error))
        });
        let answers = stream::iter(place.map(Ok)).chain(answers);
        let ending = self.0.ending.clone().cancelled_owned();
        Ok(Response::new(answers.take_until(ending).boxed()))
    }
    async fn list_parked_events(
        &self,
        request: Request<ListParkedEventsRequest>,
    ) -> Result<Response<ListParkedEventsResponse>, Status> {
        let principal = Principal::of(&request)?;
        parked::list(&self.0, &principal, &request.into_inner()).await.map(Response::new)
    }

    async fn retry_parked_event(
        &self,
        request: Request<RetryParkedEventRequest>,
    ) -> Result<Response<RetryParkedEventResponse>, Status> {
        let principal = Principal::of(&request)?;
        parked::retry(&self.0, &principal, &request.into_inner()).await.map(Response::new)
    }

    async fn drop_parked_event(
        &self,
        request: Request<DropParkedEventRequest>,
    ) -> Result<Response<DropParkedEventResponse>, Status> {
        let principal = Principal::of(&request)?;
        parked::forget(&self.0, &principal, &request.into_inner()).await.map(Response::new)
    }
}
