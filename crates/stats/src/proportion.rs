//! Two proportions over many intervals: is the candidate's higher by more than is allowed, or is that ruled out?

use crate::block::{Bet, Block, Tally, expected_evidence, log_evidence};
use crate::level::Level;
use crate::mixture::Mixture;
use crate::spread::Spread;
use serde::{Deserialize, Serialize};

/// How much worse than allowed is bet on, in multiples of the allowed difference or of the stable share, whichever is
/// more. Steps of three: between two of them a quarter of the speed is lost at most.
const EXCESSES: [f64; 5] = [0.3, 1.0, 3.0, 10.0, 30.0];
/// Beyond this share nothing is bet on by steps.
const MOST: f64 = 0.98;
/// A difference that was seen is believed as much as so many pairs of requests.
const BELIEF: f64 = 20.0;

/// What the proportions are likely to be, from what was seen before the interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Guess {
    /// Of the stable release.
    pub(crate) stable: f64,
    /// Of a candidate that is like the stable release.
    pub(crate) same: f64,
}

/// All evidence so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proportion {
    allowed: f64,
    worse: Mixture,
    fine: Mixture,
    pub(crate) candidate: Tally,
    pub(crate) stable: Tally,
    spread: Spread,
    /// What came since one side has had no request, and the guess from before it.
    #[serde(default)]
    open: Option<(Block, Guess)>,
}

impl Proportion {
    /// Nothing is known yet.
    pub(crate) fn new(allowed: f64) -> Self {
        Self {
            allowed,
            worse: Mixture::default(),
            fine: Mixture::default(),
            candidate: Tally::default(),
            stable: Tally::default(),
            spread: Spread::default(),
            open: None,
        }
    }

    /// One interval. `guess` must come from before it. An interval lasts until both sides had a request, so that rare
    /// ones count as well; when it ends depends on how many there were and on nothing that they tell.
    pub(crate) fn observe(&mut self, block: &Block, guess: Guess) {
        self.candidate.add(block.candidate);
        self.stable.add(block.stable);
        let open = self.open.take();
        let (block, guess) = open.map_or((*block, guess), |(open, guess)| (open.and(block), guess));
        if block.is_one_sided() {
            self.open = Some((block, guess));
            return;
        }
        let block = &block;
        let told = |bet: Option<Bet>| bet.map_or(0.0, |bet| log_evidence(block, bet, self.allowed));
        let worse = self.bets_on_worse(guess).map(told);
        let fine = self.bets_on_fine(guess).map(told);
        self.worse.observe(&worse);
        self.fine.observe(&fine);
        let candidate = self.candidate.share_near(guess.same, 1.0);
        let stable = self.stable.share_near(guess.stable, 1.0);
        self.spread.observe(block, candidate, stable);
    }

    /// What was fine so far has to be shown anew.
    pub(crate) fn forget_fine(&mut self) {
        self.fine = Mixture::default();
    }

    /// Logarithm of the evidence that it is worse than allowed.
    pub(crate) fn log_worse(&self) -> f64 {
        self.worse.log_best()
    }

    /// Logarithm of the evidence that it is not.
    pub(crate) fn log_fine(&self) -> f64 {
        self.fine.log_best()
    }

    /// The difference, and how far the truth may be from it.
    pub(crate) fn difference(&self) -> (f64, f64) {
        (self.spread.difference(), self.spread.half_width())
    }

    /// About how many more requests of a candidate that is like the stable release show it.
    pub(crate) fn needed(&self, guess: Guess, level: Level) -> Option<f64> {
        let (candidates, stables) = (self.candidate.of, self.stable.of);
        if candidates <= 0.0 || stables <= 0.0 || guess.same >= guess.stable + self.allowed {
            return None;
        }
        let bet = Bet::new(guess.same, guess.stable);
        let each = expected_evidence(candidates, stables, bet, self.allowed) / candidates;
        let missing = level.log_needed() - self.fine.log_value();
        (each > 0.0 && missing > 0.0).then(|| missing / each)
    }

    fn bets_on_worse(&self, guess: Guess) -> [Option<Bet>; EXCESSES.len() + 1] {
        let boundary = guess.stable + self.allowed;
        let unit = self.allowed.max(guess.stable);
        let seen = guess.stable + self.spread.difference_near(guess.same - guess.stable, BELIEF);
        std::array::from_fn(|i| {
            let candidate = EXCESSES.get(i).map_or(seen, |excess| {
                let wanted = boundary + excess * unit;
                if wanted > MOST { MOST } else { wanted }
            });
            (candidate > boundary).then(|| Bet::new(candidate, guess.stable))
        })
    }

    fn bets_on_fine(&self, guess: Guess) -> [Option<Bet>; 3] {
        let boundary = guess.stable + self.allowed;
        let seen = guess.stable + self.spread.difference_near(guess.same - guess.stable, BELIEF);
        let between = f64::midpoint(guess.same, boundary);
        [guess.same, between, seen].map(|candidate| {
            (candidate < boundary).then(|| Bet::new(candidate.max(0.0), guess.stable))
        })
    }
}

#[cfg(test)]
mod tests;
