//! Events that were put aside.

use super::{bytes, last, table, time};
use chrono::{DateTime, Utc};
use proto::v1::ParkedEvent;

/// Many of them, newest first.
pub(crate) fn list(parked: &[ParkedEvent], now: DateTime<Utc>) -> String {
    let head = ["NUMBER", "SERVICE", "SUBJECT", "EVENT", "SIZE", "AGE", "REASON"];
    let mut table = table::Table::new(head, "nothing is parked");
    for event in parked {
        table.row([
            last(&event.name).to_owned(),
            event.service.clone(),
            event.subject.clone(),
            event.event_id.clone(),
            bytes(event.size_bytes),
            time::age(event.park_time.as_ref(), now),
            reason(event),
        ]);
    }
    table.render()
}

fn reason(event: &ParkedEvent) -> String {
    match (&event.retry_time, event.outgoing) {
        (Some(_), _) => format!("handed back; before: {}", event.reason),
        (None, true) => format!("not said: {}", event.reason),
        (None, false) => event.reason.clone(),
    }
}

/// What happens now with one that was handed back.
pub(crate) fn handed_back(event: &ParkedEvent) -> String {
    let (number, service) = (last(&event.name), &event.service);
    let again = if event.outgoing { "says" } else { "handles" };
    format!("{service} {again} {number} again; if that fails too it is parked again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;

    #[test]
    fn a_list_tells_what_why_and_whose() {
        let now = DateTime::from_timestamp(1_700_000_100, 0).expect("in range");
        let event = |number: u32| ParkedEvent {
            name: format!("parkedEvents/{number}"),
            service: "builder".to_owned(),
            subject: "slipway.v1.shop.source.pushed".to_owned(),
            reason: "the data is not JSON".to_owned(),
            size_bytes: 12,
            park_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            ..ParkedEvent::default()
        };
        let handed = ParkedEvent { retry_time: Some(Timestamp::default()), ..event(2) };
        let large = ParkedEvent { outgoing: true, reason: "too large".to_owned(), ..event(1) };
        insta::assert_snapshot!(list(&[event(3), handed, large], now), @r"
        NUMBER  SERVICE  SUBJECT                        EVENT  SIZE  AGE        REASON
        3       builder  slipway.v1.shop.source.pushed         12 B  1m40s ago  the data is not JSON
        2       builder  slipway.v1.shop.source.pushed         12 B  1m40s ago  handed back; before: the data is not JSON
        1       builder  slipway.v1.shop.source.pushed         12 B  1m40s ago  not said: too large
        ");
        assert_eq!(list(&[], now), "nothing is parked");
    }
}
