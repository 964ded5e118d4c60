//! The platform on this machine.

use super::table;
use crate::up::State;

/// Addresses in the order people look for them.
const ADDRESSES: [(&str, &str); 6] = [
    ("api", "API"),
    ("hooks", "webhooks"),
    ("traffic", "traffic"),
    ("registry", "registry"),
    ("nats", "NATS"),
    ("postgres", "Postgres"),
];

/// Where things answer.
pub(crate) fn addresses(state: &State) -> String {
    let found = ADDRESSES
        .iter()
        .filter_map(|(key, name)| Some((*name, state.addresses.get(*key)?.clone())));
    let facts: Vec<_> = found.collect();
    format!("the platform runs (pid {})\n{}", state.supervisor.pid, table::facts(&facts))
}
