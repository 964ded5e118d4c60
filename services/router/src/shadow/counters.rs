//! What came of the copies that one candidate behind one route got: counters that only grow.

use super::compare::{Answer, Outcome, Same};
use crate::measure::Measured;
use crate::predicted::Pairs;
use parking_lot::Mutex;
use proto::v1::{ShadowCounts, ShadowPlace, ShadowStats};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Places in answers that are told apart; of what differs everywhere nobody reads all.
const MOST_PLACES: usize = 32;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Requests that are copied now, from their choice until their copy is compared.
    open: AtomicU64,
    dropped: AtomicU64,
    /// One copy after the other: who looks never sees a part of one.
    seen: Mutex<Seen>,
}

/// What came of the copies that were asked.
#[derive(Debug, Default)]
struct Seen {
    copies: u64,
    failed: u64,
    compared: u64,
    status_different: u64,
    body_different: u64,
    unread: u64,
    unread_status_different: u64,
    slower: u64,
    places: BTreeMap<String, u64>,
    predicted: Pairs,
    candidate: Measured,
    stable: Measured,
}

/// A request is copied, for as long as this lives.
#[derive(Debug)]
pub(super) struct Permit(Arc<Counters>);

impl Permit {
    /// Unless `most` are copied already; that is counted.
    pub(super) fn of(counters: &Arc<Counters>, most: u64) -> Option<Self> {
        if counters.open.fetch_add(1, Relaxed) < most {
            return Some(Self(counters.clone()));
        }
        counters.open.fetch_sub(1, Relaxed);
        counters.dropped();
        None
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

impl Counters {
    /// A request was chosen and could not be copied.
    pub(super) fn dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    /// A copy was asked, with this outcome.
    pub(super) fn compared(&self, stable: &Answer, candidate: &Answer, outcome: Outcome) {
        let mut seen = self.seen.lock();
        seen.stable.answered(stable.status, stable.elapsed);
        seen.candidate.answered(candidate.status, candidate.elapsed);
        seen.copies += 1;
        seen.failed += u64::from(outcome.failed);
        seen.slower += u64::from(outcome.slower);
        seen.compared += u64::from(outcome.answer != Same::Unknown);
        let other_status = outcome.answer == Same::Status;
        seen.status_different += u64::from(other_status);
        seen.unread += u64::from(outcome.unread);
        seen.unread_status_different += u64::from(outcome.unread && other_status);
        if let Some(predictions) = outcome.predictions {
            let (stable, candidate) = (predictions.stable, predictions.candidate);
            seen.predicted.add(stable.as_ref(), candidate.as_ref());
        }
        if let Same::Body(places) = outcome.answer {
            seen.body_different += 1;
            for place in places {
                if seen.places.len() < MOST_PLACES || seen.places.contains_key(&place) {
                    *seen.places.entry(place).or_default() += 1;
                }
            }
        }
    }

    /// As on the wire.
    pub(crate) fn stats(&self, route: &str, release: &str) -> ShadowStats {
        let place = |(pointer, answers): (&String, &u64)| ShadowPlace {
            pointer: pointer.clone(),
            answers: *answers,
        };
        let seen = self.seen.lock();
        ShadowStats {
            route: route.to_owned(),
            release: release.to_owned(),
            counts: Some(ShadowCounts {
                copies: seen.copies,
                dropped: self.dropped.load(Relaxed),
                failed: seen.failed,
                compared: seen.compared,
                status_different: seen.status_different,
                body_different: seen.body_different,
                slower: seen.slower,
                places: seen.places.iter().map(place).collect(),
                unread: seen.unread,
                unread_status_different: seen.unread_status_different,
            }),
            candidate: Some(seen.candidate.snapshot().stats(route, release.to_owned())),
            stable: Some(seen.stable.snapshot().stats(route, String::new())),
            candidate_predictions: Some(seen.predicted.candidate.wire()),
            stable_predictions: Some(seen.predicted.stable.wire()),
            distances: Some(seen.predicted.distances.wire()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::compare::Body;
    use super::*;
    use http::StatusCode;
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn no_more_are_copied_at_once_than_may_be() {
        let counters = Arc::new(Counters::default());
        let first = Permit::of(&counters, 1).expect("the first");
        assert!(Permit::of(&counters, 1).is_none());
        drop(first);
        assert!(Permit::of(&counters, 1).is_some());
        assert_eq!(counters.stats("shop", "r").counts.map(|counts| counts.dropped), Some(1));
    }

    #[test]
    fn every_copy_is_counted_once_and_its_places_up_to_a_limit() {
        let counters = Counters::default();
        let answer =
            || Answer { status: StatusCode::OK, elapsed: Duration::ZERO, body: Body::Other };
        for copy in 0..100 {
            let places = BTreeSet::from(["/at".to_owned(), format!("/{copy}")]);
            let answer_is = Same::Body(places);
            let (failed, slower, unread, predictions) = (false, false, false, None);
            let outcome = Outcome { failed, slower, answer: answer_is, unread, predictions };
            counters.compared(&answer(), &answer(), outcome);
        }
        let stats = counters.stats("shop", "r");
        let counts = stats.counts.expect("set");
        assert_eq!((counts.copies, counts.compared, counts.body_different), (100, 100, 100));
        assert_eq!(counts.places.len(), MOST_PLACES);
        let most = counts.places.iter().max_by_key(|place| place.answers).expect("a place");
        assert_eq!((most.pointer.as_str(), most.answers), ("/at", 100));
        assert_eq!(stats.stable.map(|stable| stable.status_2xx), Some(100));
    }
}
