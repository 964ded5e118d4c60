//! How much may be in progress, in all and of one peer: bodies that are read, the memory they take, and
//! deliveries in work. A peer can use up its own share and no more, so that one who floods is refused and the
//! others are served.

use crate::hooks::peer::Peer;
use crate::hooks::problem::Problem;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Bodies that are read at once; each costs a connection and little else until it has come.
const READING: usize = 4096;
/// The same of one peer; origin: a forge sends a handful at once, and each arrives within milliseconds.
const READING_OF_ONE: usize = 64;
/// What all bodies may take at once, in KiB.
const KIB: usize = 128 << 10;
/// The same of one peer, so that there is room for others: two deliveries of the largest size.
const KIB_OF_ONE: usize = 64 << 10;
/// Deliveries in work at once; origin: far more than Postgres commits in the time GitHub waits.
const WORKING: usize = 512;

/// What is in progress.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    ledger: Arc<Mutex<Ledger>>,
    working: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(WORKING)
    }
}

#[derive(Debug, Default)]
struct Ledger {
    all: Share,
    of: HashMap<Peer, Share>,
    working: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Share {
    reading: usize,
    kib: usize,
}

impl Share {
    const fn is_empty(self) -> bool {
        self.reading == 0 && self.kib == 0
    }
}

impl Limits {
    /// Those of a door of its own, with so many requests in work at once.
    pub(crate) fn of(working: usize) -> Self {
        Self { ledger: Arc::default(), working }
    }

    /// Begins to read a body of `peer`.
    pub(crate) fn begin(&self, peer: Peer) -> Result<Part, Problem> {
        let mut ledger = self.ledger.lock();
        let own = ledger.of.get(&peer).copied().unwrap_or_default();
        if own.reading >= READING_OF_ONE {
            return Err(Problem::TooMany);
        }
        if ledger.all.reading >= READING {
            return Err(Problem::TooBusy);
        }
        ledger.all.reading += 1;
        ledger.of.entry(peer).or_default().reading += 1;
        Ok(Part { limits: self.clone(), peer, kib: 0, phase: Phase::Reading })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    Working,
}

/// What one request has of the limits, until this is dropped.
#[derive(Debug)]
pub(crate) struct Part {
    limits: Limits,
    peer: Peer,
    kib: usize,
    phase: Phase,
}

impl Part {
    /// Takes memory until it has `bytes`.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let more = bytes.div_ceil(1024).saturating_sub(self.kib);
        let mut ledger = self.limits.ledger.lock();
        let own = ledger.of.get(&self.peer).copied().unwrap_or_default();
        if own.kib + more > KIB_OF_ONE {
            return Err(Problem::TooMany);
        }
        if ledger.all.kib + more > KIB {
            return Err(Problem::TooBusy);
        }
        ledger.all.kib += more;
        ledger.of.entry(self.peer).or_default().kib += more;
        drop(ledger);
        self.kib += more;
        Ok(())
    }

    /// The body has come, and is worked on from here.
    pub(crate) fn work(&mut self) -> Result<(), Problem> {
        let mut ledger = self.limits.ledger.lock();
        if ledger.working >= self.limits.working {
            return Err(Problem::TooBusy);
        }
        ledger.working += 1;
        ledger.all.reading -= 1;
        ledger.of.entry(self.peer).or_default().reading -= 1;
        drop(ledger);
        self.phase = Phase::Working;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut ledger = self.limits.ledger.lock();
        let reading = usize::from(self.phase == Phase::Reading);
        ledger.working -= 1 - reading;
        ledger.all.reading -= reading;
        ledger.all.kib -= self.kib;
        let own = ledger.of.entry(self.peer).or_default();
        own.reading -= reading;
        own.kib -= self.kib;
        if own.is_empty() {
            ledger.of.remove(&self.peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::peer::Proxies;
    use http::HeaderMap;
    use std::net::Ipv4Addr;

    fn peer(n: usize) -> Peer {
        let address = Ipv4Addr::from_bits(u32::try_from(n).expect("small"));
        Peer::of(address.into(), &HeaderMap::new(), &Proxies::default())
    }

    fn refusal<T: std::fmt::Debug>(answer: Result<T, Problem>) -> Problem {
        answer.expect_err("over the limit")
    }

    #[test]
    fn one_peer_uses_up_its_own_share_only() {
        let limits = Limits::default();
        let begun: Vec<_> = (0..READING_OF_ONE).map(|_| limits.begin(peer(1))).collect();
        assert_eq!(refusal(limits.begin(peer(1))), Problem::TooMany);
        let mut other = limits.begin(peer(2)).expect("has its own");
        drop(begun);
        let mut big = limits.begin(peer(1)).expect("is free again");
        assert_eq!(refusal(big.grow((KIB_OF_ONE << 10) + 1)), Problem::TooMany);
        big.grow(KIB_OF_ONE << 10).expect("its share");
        other.grow(25 << 20).expect("there is room for others");
    }

    #[test]
    fn all_peers_together_are_bounded() {
        let limits = Limits::default();
        let mut begun: Vec<_> = (0..READING).filter_map(|n| limits.begin(peer(n)).ok()).collect();
        assert_eq!(refusal(limits.begin(peer(READING))), Problem::TooBusy);
        assert!(begun[..WORKING].iter_mut().all(|part| part.work().is_ok()));
        assert_eq!(refusal(begun[WORKING].work()), Problem::TooBusy);
        begun[0].grow(KIB_OF_ONE << 10).expect("half of it");
        begun[1].grow(KIB_OF_ONE << 10).expect("the other half");
        assert_eq!(refusal(begun[2].grow(1)), Problem::TooBusy);
    }

    #[test]
    fn a_door_has_places_of_its_own() {
        let (limits, others) = (Limits::of(1), Limits::default());
        let mut begun = [1, 2].map(|n| limits.begin(peer(n)).expect("free"));
        begun[0].work().expect("the only place");
        assert_eq!(refusal(begun[1].work()), Problem::TooBusy);
        others.begin(peer(1)).expect("free").work().expect("there are others");
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let limits = Limits::default();
        for n in 0..10 {
            let mut part = limits.begin(peer(n)).expect("free");
            part.grow(5000).expect("free");
            part.work().expect("free");
        }
        let ledger = limits.ledger.lock();
        assert!(ledger.of.is_empty() && ledger.all.is_empty() && ledger.working == 0, "{ledger:?}");
    }
}
