//! Events and log lines: one line each.

use super::time;
use proto::v1::{Event, WatchLogsResponse};

/// One event.
pub(crate) fn line(event: &Event) -> String {
    let time = time::clock(event.time.as_ref());
    format!("{:>8}  {time}  {:22} {:20} {}", event.sequence, event.r#type, event.app, event.data)
}

/// One line of an instance's output.
pub(crate) fn log(log: &WatchLogsResponse) -> String {
    let mark = if log.stderr { '!' } else { '|' };
    format!(
        "{} {}/{} {mark} {}",
        time::clock(log.time.as_ref()),
        log.service,
        log.instance,
        log.line
    )
}
