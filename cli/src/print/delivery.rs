//! Deliveries of webhooks.

use super::{bytes, last, table, time, words};
use chrono::{DateTime, Utc};
use proto::v1::Delivery;

/// Many deliveries, newest first.
pub(crate) fn list(deliveries: &[Delivery], now: DateTime<Utc>) -> String {
    let head = ["DELIVERY", "SOURCE", "EVENT", "OUTCOME", "SIZE", "AGE", "REASON"];
    let mut table = table::Table::new(head, "no deliveries yet");
    for delivery in deliveries {
        table.row([
            last(&delivery.name).to_owned(),
            last(&delivery.source).to_owned(),
            delivery.event.clone(),
            words(delivery.outcome().as_str_name()),
            bytes(delivery.size_bytes),
            time::age(delivery.receive_time.as_ref(), now),
            delivery.reason.clone(),
        ]);
    }
    table.render()
}

/// One delivery with its body.
pub(crate) fn show(delivery: &Delivery) -> String {
    let facts = table::facts(&[
        ("delivery", last(&delivery.name).to_owned()),
        ("source", last(&delivery.source).to_owned()),
        ("event", delivery.event.clone()),
        ("forge id", delivery.external_id.clone()),
        ("outcome", words(delivery.outcome().as_str_name())),
        ("reason", delivery.reason.clone()),
        ("change", last(&delivery.change).to_owned()),
        ("received", time::clock(delivery.receive_time.as_ref())),
        ("size", bytes(delivery.size_bytes)),
    ]);
    format!("{facts}\n\n{}", String::from_utf8_lossy(&delivery.body)).trim_end().to_owned()
}
