//! Ports the platform would listen on.

use super::Finding;
use crate::up::{Layout, Ports, State, Wanted, holder, is_free};

/// Whether the usual ports are free; nothing to see while the platform runs.
pub(super) fn ports(layout: &Layout) -> Option<Finding> {
    let state = State::read(layout).ok().flatten();
    if state.is_some_and(|state| state.supervisor.is_alive()) {
        return None;
    }
    let wanted = Ports::with_offset(0).wanted();
    let taken: Vec<_> = wanted.iter().filter(|wanted| !is_free(wanted.address)).map(told).collect();
    if taken.is_empty() {
        return Some(Finding::ok("ports", "all are free"));
    }
    let advice = "end what holds them, or start with --port-offset";
    Some(Finding::fail("ports", taken.join("; "), advice))
}

fn told(wanted: &Wanted) -> String {
    let port = wanted.address.port();
    let by = holder(port).map_or_else(String::new, |holder| format!(" by {holder}"));
    format!("{port} for {} is taken{by}", wanted.name)
}
