//! What came of the copies of requests that a candidate without users got, over all its routes and however often the
//! router began to count. Pure.

use crate::content::Content;
use proto::v1::{ShadowCounts, ShadowPlace, ShadowStats};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Places that people are told.
const MOST_PLACES: usize = 16;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    counts: Counts,
    /// What the router said last.
    last: Counts,
}

/// Counters that only grow while the router runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Counts {
    copies: u64,
    dropped: u64,
    failed: u64,
    compared: u64,
    status_different: u64,
    body_different: u64,
    slower: u64,
    unread: u64,
    unread_status_different: u64,
    /// Answers that differ, by where.
    places: BTreeMap<String, u64>,
}

/// Whether something behind the routes of `stable` runs otherwise in `candidate`, so that copies tell of it.
pub(crate) fn is_worth_it(candidate: &Content, stable: &Content) -> bool {
    let changed = candidate.changed_from(Some(stable));
    stable.resolved.routes.iter().any(|route| changed.contains(&route.service))
}

impl Report {
    /// What the router says now, of each route. Counters that fell began anew.
    pub(crate) fn observe(&mut self, stats: &[ShadowStats]) {
        let counts = stats.iter().filter_map(|of| of.counts.as_ref()).map(Counts::from);
        let now = counts.fold(Counts::default(), |sum, more| sum.with(&more, u64::saturating_add));
        let before = std::mem::replace(&mut self.last, now.clone());
        let began_anew = now.copies < before.copies || now.dropped < before.dropped;
        let before = if began_anew { Counts::default() } else { before };
        let since = now.with(&before, u64::saturating_sub);
        self.counts = self.counts.with(&since, u64::saturating_add);
    }

    /// As on the wire, with the places where most answers differ.
    pub(crate) fn show(&self) -> ShadowCounts {
        let counts = &self.counts;
        let place = |(pointer, answers): (&String, &u64)| ShadowPlace {
            pointer: pointer.clone(),
            answers: *answers,
        };
        let mut places: Vec<_> = counts.places.iter().map(place).collect();
        places.sort_by_key(|place| Reverse(place.answers));
        places.truncate(MOST_PLACES);
        ShadowCounts {
            copies: counts.copies,
            dropped: counts.dropped,
            failed: counts.failed,
            compared: counts.compared,
            status_different: counts.status_different,
            body_different: counts.body_different,
            slower: counts.slower,
            places,
            unread: counts.unread,
            unread_status_different: counts.unread_status_different,
        }
    }
}

impl Counts {
    /// Each counter of both.
    fn with(&self, other: &Self, by: impl Fn(u64, u64) -> u64) -> Self {
        let places: BTreeSet<&String> = self.places.keys().chain(other.places.keys()).collect();
        let at = |of: &Self, place: &String| of.places.get(place).copied().unwrap_or_default();
        let place = |place: &String| (place.clone(), by(at(self, place), at(other, place)));
        Self {
            copies: by(self.copies, other.copies),
            dropped: by(self.dropped, other.dropped),
            failed: by(self.failed, other.failed),
            compared: by(self.compared, other.compared),
            status_different: by(self.status_different, other.status_different),
            body_different: by(self.body_different, other.body_different),
            slower: by(self.slower, other.slower),
            unread: by(self.unread, other.unread),
            unread_status_different: by(
                self.unread_status_different,
                other.unread_status_different,
            ),
            places: places.into_iter().map(place).collect(),
        }
    }
}

impl From<&ShadowCounts> for Counts {
    fn from(wire: &ShadowCounts) -> Self {
        let places = wire.places.iter().map(|place| (place.pointer.clone(), place.answers));
        Self {
            copies: wire.copies,
            dropped: wire.dropped,
            failed: wire.failed,
            compared: wire.compared,
            status_different: wire.status_different,
            body_different: wire.body_different,
            slower: wire.slower,
            unread: wire.unread,
            unread_status_different: wire.unread_status_different,
            places: places.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(copies: u64, places: &[(&str, u64)]) -> ShadowStats {
        let place = |(pointer, answers): &(&str, u64)| ShadowPlace {
            pointer: (*pointer).to_owned(),
            answers: *answers,
        };
        let counts = ShadowCounts {
            copies,
            places: places.iter().map(place).collect(),
            ..ShadowCounts::default()
        };
        ShadowStats { counts: Some(counts), ..ShadowStats::default() }
    }

    fn told(report: &Report) -> (u64, Vec<(String, u64)>) {
        let shown = report.show();
        (shown.copies, shown.places.into_iter().map(|it| (it.pointer, it.answers)).collect())
    }

    #[test]
    fn all_routes_count_and_the_worst_place_comes_first() {
        let mut report = Report::default();
        report.observe(&[said(10, &[("/a", 1)]), said(5, &[("/a", 1), ("/b", 3)])]);
        report.observe(&[said(12, &[("/a", 1)]), said(5, &[("/a", 1), ("/b", 3)])]);
        let places = vec![("/b".to_owned(), 3), ("/a".to_owned(), 2)];
        assert_eq!(told(&report), (17, places));
    }

    #[test]
    fn a_router_that_counts_anew_adds_to_what_was_known() {
        let mut report = Report::default();
        for copies in [10, 20, 3, 5] {
            report.observe(&[said(copies, &[("/a", copies)])]);
        }
        assert_eq!(told(&report), (25, vec![("/a".to_owned(), 25)]));
    }

    #[test]
    fn stored_and_read_again_it_goes_on() {
        let mut report = Report::default();
        report.observe(&[said(10, &[("/a", 1)])]);
        let stored = serde_json::to_string(&report).expect("JSON");
        let mut read: Report = serde_json::from_str(&stored).expect("as it was");
        read.observe(&[said(11, &[("/a", 1)])]);
        assert_eq!(told(&read).0, 11);
    }
}
