//! Events, by their place in the stream of the platform.

use super::Resumable;
use crate::client::Authorised;
use proto::v1::event_service_client::EventServiceClient;
use proto::v1::{WatchEventsRequest, WatchEventsResponse};
use tonic::{Request, Response, Status, Streaming};

/// Events; only those that are there already when nobody wants to follow.
#[derive(Debug)]
pub(crate) struct Events(pub(crate) WatchEventsRequest);

impl Resumable for Events {
    type Question = WatchEventsRequest;
    type Answer = WatchEventsResponse;

    async fn call(
        channel: Authorised,
        request: Request<WatchEventsRequest>,
    ) -> Result<Response<Streaming<WatchEventsResponse>>, Status> {
        EventServiceClient::new(channel).watch_events(request).await
    }

    fn question(&mut self) -> WatchEventsRequest {
        self.0.clone()
    }

    fn is_new(&mut self, answer: &WatchEventsResponse) -> bool {
        // Servers of before told it with the event alone.
        let after = answer.event.as_ref().map(|event| event.sequence.saturating_add(1));
        self.0.from_sequence = after.unwrap_or(answer.next_sequence);
        answer.event.is_some()
    }

    fn ends(&self) -> bool {
        !self.0.follow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::Event;

    #[test]
    fn it_goes_on_after_the_last_event_or_where_the_server_says() {
        let follow = WatchEventsRequest { follow: true, tail_count: 20, ..Default::default() };
        let mut events = Events(follow);
        assert_eq!(events.question().from_sequence, 0, "the last 20 at first");
        assert!(!events.is_new(&WatchEventsResponse { event: None, next_sequence: 8 }));
        assert_eq!(events.question().from_sequence, 8);
        let event = Some(Event { sequence: 11, ..Event::default() });
        assert!(events.is_new(&WatchEventsResponse { event, next_sequence: 12 }));
        assert_eq!(events.question().from_sequence, 12);
        assert!(!events.ends());
    }
}
