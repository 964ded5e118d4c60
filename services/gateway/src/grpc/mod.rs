//! What the gateway itself serves of `slipway.v1`: apps, changes, deliveries, tokens, events, sinks.

mod app_service;
mod apps;
mod changes;
mod ci;
mod deliveries;
mod event_service;
mod models;
mod notification_service;
mod once;
mod parked;
mod read;
mod token_service;

pub(crate) use app_service::AppApi;
pub(crate) use event_service::EventApi;
pub(crate) use notification_service::NotificationApi;
pub(crate) use token_service::TokenApi;
