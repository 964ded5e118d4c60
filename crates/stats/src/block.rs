//! The evidence of one interval about two proportions: the e-variable of Turner and Grünwald for a null hypothesis on
//! the difference of the two. Its expectation is at most 1 whenever the null hypothesis holds on average over the
//! requests of the interval, whatever the proportions are and however many requests each side had.

/// Requests, and those of them that count. Not whole where a bucket is divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    pub(crate) of: f64,
    pub(crate) hits: f64,
}

impl Tally {
    /// The share, drawn towards `guess` as if that had been seen `weight` times.
    pub(crate) fn share_near(self, guess: f64, weight: f64) -> f64 {
        (self.hits + guess * weight) / (self.of + weight)
    }

    /// The share; 0 without requests.
    pub(crate) fn share(self) -> f64 {
        if self.of > 0.0 { self.hits / self.of } else { 0.0 }
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.of += more.of;
        self.hits += more.hits;
    }

    /// Reduced to the weight of `most` requests.
    pub(crate) fn limited_to(self, most: f64) -> Self {
        if self.of <= most {
            return self;
        }
        Self { of: most, hits: self.hits * most / self.of }
    }
}

/// Both sides in one interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Block {
    pub(crate) candidate: Tally,
    pub(crate) stable: Tally,
}

impl Block {
    /// The interval and the next one as one.
    pub(crate) fn and(mut self, next: &Self) -> Self {
        self.candidate.add(next.candidate);
        self.stable.add(next.stable);
        self
    }

    /// Whether a side has no requests: it tells nothing of how the two differ.
    pub(crate) fn is_one_sided(&self) -> bool {
        self.candidate.of <= 0.0 || self.stable.of <= 0.0
    }
}

/// Two proportions that are bet on. They are chosen before the interval is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bet {
    pub(crate) candidate: f64,
    pub(crate) stable: f64,
}

/// Certainty is never bet on: the first surprise would cost everything.
const ALMOST_NEVER: f64 = 1e-6;

impl Bet {
    pub(crate) fn new(candidate: f64, stable: f64) -> Self {
        let inside = |share: f64| share.clamp(ALMOST_NEVER, 1.0 - ALMOST_NEVER);
        Self { candidate: inside(candidate), stable: inside(stable) }
    }
}

/// Logarithm of how many times better `bet` tells `block` than the nearest pair of proportions whose difference is
/// `boundary`. It is evidence against all pairs on the other side of the boundary.
pub(crate) fn log_evidence(block: &Block, bet: Bet, boundary: f64) -> f64 {
    let Block { candidate, stable } = block;
    if block.is_one_sided() {
        return 0.0;
    }
    let nearest = nearest(candidate.of, stable.of, bet, boundary);
    log_ratio(*candidate, bet.candidate, nearest + boundary)
        + log_ratio(*stable, bet.stable, nearest)
}

/// What `requests` of each side tell on average when `bet` is the truth.
pub(crate) fn expected_evidence(candidates: f64, stables: f64, bet: Bet, boundary: f64) -> f64 {
    let candidate = Tally { of: candidates, hits: candidates * bet.candidate };
    let stable = Tally { of: stables, hits: stables * bet.stable };
    log_evidence(&Block { candidate, stable }, bet, boundary)
}

fn log_ratio(seen: Tally, bet: f64, null: f64) -> f64 {
    let misses = (seen.of - seen.hits).max(0.0);
    let part = |count: f64, bet: f64, null: f64| {
        if count > 0.0 { count * (bet / null.max(f64::MIN_POSITIVE)).ln() } else { 0.0 }
    };
    part(seen.hits, bet, null) + part(misses, 1.0 - bet, 1.0 - null)
}

/// The proportion of the stable side of the pair on the boundary that is nearest to `bet` (in relative entropy, each
/// side weighted by its requests). It lies between what each side alone would choose.
fn nearest(candidates: f64, stables: f64, bet: Bet, boundary: f64) -> f64 {
    let alone = bet.candidate - boundary;
    if boundary == 0.0 {
        return (candidates * bet.candidate + stables * bet.stable) / (candidates + stables);
    }
    let (least, most) = ((-boundary).max(0.0), (1.0 - boundary).min(1.0));
    let mut low = alone.min(bet.stable).clamp(least, most);
    let mut high = alone.max(bet.stable).clamp(least, most);
    let slope = |at: f64, bet: f64| (1.0 - bet) / (1.0 - at) - bet / at;
    // As often as halving changes anything.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let rises = candidates * slope(middle + boundary, bet.candidate)
            + stables * slope(middle, bet.stable)
            > 0.0;
        if rises {
            high = middle;
        } else {
            low = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests;
