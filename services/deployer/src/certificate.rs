//! What users noticed of a switch of traffic: the difference of two readings of the router's counters. Pure.
//!
//! Invariant: what cannot be known is said to be unknown, and never counted as nothing.

use crate::table::route_name;
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName};
use proto::v1::{GetStatsResponse, RouteStats};
use serde::{Deserialize, Serialize};

/// What befell requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// All that were answered, refused or given up.
    pub(crate) requests: u64,
    /// Of them: 5xx, broken off, or refused because nobody was served.
    pub(crate) failed: u64,
    /// Offered to another instance.
    pub(crate) retried: u64,
    /// Waited for another table.
    pub(crate) held: u64,
    /// Were with an instance when it left the table, and over in time.
    pub(crate) drained: u64,
    /// The same, and not over in time.
    pub(crate) cut: u64,
}

/// What the router had counted of an environment at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// When it began to count.
    since: DateTime<Utc>,
    /// How many routes of the environment it knew.
    routes: usize,
    counts: Counts,
}

/// Why a difference is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("the router did not tell what it counted")]
    Silent,
    #[error("the router restarted in between and counted anew")]
    Restarted,
    #[error("the router counted nothing of this environment")]
    NoRoute,
}

impl Reading {
    /// What `stats` says of an environment; nothing when it does not say since when.
    pub(crate) fn of(
        stats: &GetStatsResponse,
        (app, environment): (&AppName, &EnvironmentName),
    ) -> Option<Self> {
        let since = stats.start_time.as_ref().and_then(proto::time::from_timestamp)?;
        let name = route_name(app, environment);
        let further = format!("{name}/");
        let is_own = |of: &&RouteStats| of.route == name || of.route.starts_with(&further);
        let own: Vec<&RouteStats> = stats.routes.iter().filter(is_own).collect();
        let sum = |of: fn(&RouteStats) -> u64| own.iter().map(|route| of(route)).sum();
        let counts = Counts {
            requests: sum(|of| of.requests),
            failed: sum(|of| of.failed),
            retried: sum(|of| of.retried),
            held: sum(|of| of.held),
            drained: sum(|of| of.drained),
            cut: sum(|of| of.cut),
        };
        Some(Self { since, routes: own.len(), counts })
    }

    /// What was counted since `before`.
    pub(crate) fn since(&self, before: &Self) -> Result<Counts, Unknown> {
        if self.since != before.since {
            return Err(Unknown::Restarted);
        }
        if self.routes == 0 {
            return Err(Unknown::NoRoute);
        }
        self.counts.minus(&before.counts).ok_or(Unknown::Restarted)
    }
}

impl Counts {
    fn minus(&self, before: &Self) -> Option<Self> {
        Some(Self {
            requests: self.requests.checked_sub(before.requests)?,
            failed: self.failed.checked_sub(before.failed)?,
            retried: self.retried.checked_sub(before.retried)?,
            held: self.held.checked_sub(before.held)?,
            drained: self.drained.checked_sub(before.drained)?,
            cut: self.cut.checked_sub(before.cut)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(started: i64, routes: &[(&str, u64)]) -> GetStatsResponse {
        let routes = routes.iter().map(|(route, requests)| RouteStats {
            route: (*route).to_owned(),
            requests: *requests,
            failed: requests / 10,
            ..RouteStats::default()
        });
        GetStatsResponse {
            start_time: Some(prost_types::Timestamp { seconds: started, nanos: 5 }),
            routes: routes.collect(),
            ..GetStatsResponse::default()
        }
    }

    fn read(started: i64, routes: &[(&str, u64)]) -> Reading {
        let app = AppName::parse("shop").expect("a name");
        let environment = EnvironmentName::parse("production").expect("a name");
        Reading::of(&stats(started, routes), (&app, &environment)).expect("it says since when")
    }

    #[test]
    fn the_routes_of_the_environment_count_and_no_others() {
        let before = read(1, &[("shop/production", 100), ("shop/production2", 7)]);
        let routes = [("shop/production", 130), ("shop/production/api", 20), ("shop/staging", 9)];
        let counts = read(1, &routes).since(&before).expect("known");
        assert_eq!((counts.requests, counts.failed), (50, 5));
    }

    #[test]
    fn what_a_router_counted_that_restarted_is_not_known() {
        let before = read(1, &[("shop/production", 100)]);
        let after = read(2, &[("shop/production", 300)]);
        assert_eq!(after.since(&before), Err(Unknown::Restarted));
        let less = read(1, &[("shop/production", 99)]);
        assert_eq!(less.since(&before), Err(Unknown::Restarted));
    }

    #[test]
    fn an_environment_without_routes_has_no_zero() {
        assert_eq!(read(1, &[]).since(&read(1, &[])), Err(Unknown::NoRoute));
    }

    #[test]
    fn a_reading_outlives_the_database() {
        let before = read(1, &[("shop/production", 100)]);
        let stored = serde_json::to_string(&before).expect("it is written");
        assert_eq!(serde_json::from_str::<Reading>(&stored).expect("it is read"), before);
    }
}
