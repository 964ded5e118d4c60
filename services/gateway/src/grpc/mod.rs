//! What the gateway itself serves of `slipway.v1`: apps, changes, deliveries, tokens, events.

mod app_service;
mod apps;
mod changes;
mod deliveries;
mod event_service;
mod once;
mod parked;
mod read;
mod token_service;

pub(crate) use app_service::AppApi;
pub(crate) use event_service::EventApi;
pub(crate) use token_service::TokenApi;
