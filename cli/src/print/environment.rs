//! Environments: what is live and what moves.

use super::{certificate, progress, release, table, time};
use chrono::{DateTime, Utc};
use proto::v1::Environment;

/// Many environments, each with the release that moves.
pub(crate) fn list(environments: &[Environment], now: DateTime<Utc>) -> String {
    let head = ["ENVIRONMENT", "TRAFFIC", "LIVE", "CONTENT", "SINCE", "SWITCH", "MOVING", "HOSTS"];
    let mut table = table::Table::new(head, "nothing was released yet");
    for environment in environments {
        let (live, moving) = (environment.live.as_ref(), environment.moving.as_ref());
        table.row([
            name(environment),
            environment.traffic.clone(),
            live.map_or_else(String::new, |live| format!("#{}", live.number)),
            live.map_or_else(String::new, release::content),
            time::age(environment.live_since_time.as_ref(), now),
            live.and_then(|live| live.certificate.as_ref())
                .map_or_else(String::new, certificate::short),
            moving.map_or_else(String::new, |moving| {
                format!("#{} {}", moving.number, release::state(moving))
            }),
            environment.hosts.join(", "),
        ]);
    }
    let moving = environments.iter().filter_map(|environment| environment.moving.as_ref());
    let blocks = moving.map(|moving| format!("\n{}", progress::block(moving, now).join("\n")));
    std::iter::once(table.render()).chain(blocks).collect::<Vec<_>>().join("\n")
}

/// `shop/production`
pub(crate) fn name(environment: &Environment) -> String {
    proto::name::parts(&environment.name, "apps/{app}/environments/{environment}")
        .map_or_else(|_| environment.name.clone(), |parts| parts.join("/"))
}
