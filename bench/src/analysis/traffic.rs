//! An hour of simulated requests to a stable release and a candidate, and what the router would have counted.

use crate::chance::Chance;

/// The counters are looked at this often, as the deployer does.
pub(crate) const LOOK_SECONDS: f64 = 1.0;
/// Looks in a minute.
pub(crate) const LOOKS_A_MINUTE: usize = 60;
/// For so many looks slowness and storms stay what they are.
const WEATHER: u32 = 10;
/// Looks from one swing of the load to the next: twenty minutes.
const SWING: f64 = 1200.0;
/// The router's bounds of response times: ten a decade, from half a millisecond.
const FIRST_BOUND: f64 = 0.0005;
const BOUNDS: u32 = 51;
/// Response times are log-normal: this is the p95 of the stable release, in seconds,
const P95: f64 = 0.2;
/// and this the spread of their logarithm.
const SPREAD: f64 = 0.5;
/// How far the 95th percentile of a normal distribution is from its middle.
const NORMAL_P95: f64 = 1.645;

/// What differs between candidate and stable release.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// For people.
    pub(crate) name: &'static str,
    /// Shares of failed requests of stable release and candidate.
    pub(crate) errors: (f64, f64),
    /// How many times slower the candidate is.
    pub(crate) slower: f64,
}

/// What one release did between two looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    /// By bucket.
    pub(crate) latency: Vec<u64>,
}

impl Counts {
    /// More of the same release.
    pub(crate) fn add(&mut self, more: &Self) {
        self.requests += more.requests;
        self.failed += more.failed;
        self.latency.resize(more.latency.len(), 0);
        self.latency.iter_mut().zip(&more.latency).for_each(|(sum, more)| *sum += more);
    }
}

/// Both, between two looks.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) candidate: Counts,
    pub(crate) stable: Counts,
}

/// Upper ends of the buckets in seconds.
pub(crate) fn bounds() -> Vec<f64> {
    (0..BOUNDS).map(|step| FIRST_BOUND * 10.0_f64.powf(f64::from(step) / 10.0)).collect()
}

/// Requests that come and go, bad minutes that hit both releases alike, and a little noise of each.
#[derive(Debug)]
pub(crate) struct Traffic {
    scenario: Scenario,
    /// Requests a second, and the part of the candidate.
    rate: f64,
    share: f64,
    chance: Chance,
    bounds: Vec<f64>,
    slowness: f64,
    /// How many times as often both fail as usual.
    storm: f64,
    /// How much slower each is for the moment.
    own: (f64, f64),
    looks: u32,
}

impl Traffic {
    pub(crate) fn new(scenario: Scenario, rate: f64, share: f64, seed: u64) -> Self {
        let chance = Chance::new(seed);
        let (bounds, own) = (bounds(), (0.0, 0.0));
        Self { scenario, rate, share, chance, bounds, slowness: 0.0, storm: 1.0, own, looks: 0 }
    }

    /// What the stable release did in the hours before.
    pub(crate) fn history(&mut self) -> Counts {
        let requests = self.chance.arrivals((self.rate * 3600.0).min(50_000.0));
        self.counts(requests, self.scenario.errors.0, 1.0)
    }

    /// The next second.
    pub(crate) fn next(&mut self) -> Look {
        if self.looks.is_multiple_of(WEATHER) {
            self.change();
        }
        self.looks += 1;
        // Load swings by half.
        let swing = (f64::from(self.looks) / SWING * std::f64::consts::TAU).sin();
        let requests = self.rate * LOOK_SECONDS * (1.0 + 0.5 * swing);
        let (Scenario { errors, slower, .. }, share) = (self.scenario, self.share);
        let candidate = (requests * share, errors.1, slower * (self.slowness + self.own.0).exp());
        let stable = (requests * (1.0 - share), errors.0, (self.slowness + self.own.1).exp());
        let [candidate, stable] = [candidate, stable].map(|(requests, errors, slower)| {
            let requests = self.chance.arrivals(requests);
            self.counts(requests, errors * self.storm, slower)
        });
        Look { candidate, stable }
    }

    /// Slowness wanders by a tenth, each release has a little of its own, and one time in sixty there is a storm.
    fn change(&mut self) {
        self.slowness = 0.9 * self.slowness + 0.04 * self.chance.normal();
        self.storm = if self.chance.uniform() < 1.0 / 60.0 { 5.0 } else { 1.0 };
        self.own = (0.02 * self.chance.normal(), 0.02 * self.chance.normal());
    }

    fn counts(&mut self, requests: u32, errors: f64, slower: f64) -> Counts {
        let middle = (P95 * slower).ln() - NORMAL_P95 * SPREAD;
        let mut latency = vec![0; self.bounds.len() + 1];
        let (mut left, mut above) = (requests, 1.0);
        for (bound, count) in self.bounds.iter().zip(&mut latency) {
            if left == 0 {
                break;
            }
            let beyond = upper_tail((bound.ln() - middle) / SPREAD);
            let hits = self.chance.hits(left, (1.0 - beyond / above).clamp(0.0, 1.0));
            *count = u64::from(hits);
            left -= hits;
            above = beyond.max(f64::MIN_POSITIVE);
        }
        latency[self.bounds.len()] = u64::from(left);
        let failed = u64::from(self.chance.hits(requests, errors));
        Counts { requests: u64::from(requests), failed, latency }
    }
}

/// Chance of a normal number above `x`, to seven digits (Abramowitz and Stegun 7.1.26).
fn upper_tail(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = series.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = 0.5 * sum * (-z * z).exp();
    if x < 0.0 { 1.0 - tail } else { tail }
}

/// The quantile of buckets as Prometheus reads it; `None` when they are empty.
#[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
pub(crate) fn quantile(bounds: &[f64], counts: &[u64], quantile: f64) -> Option<f64> {
    let rank = quantile * counts.iter().sum::<u64>() as f64;
    let mut below = 0.0;
    for (bucket, &bound) in bounds.iter().enumerate() {
        let count = counts[bucket] as f64;
        if count > 0.0 && below + count >= rank {
            let low = bucket.checked_sub(1).map_or(0.0, |below| bounds[below]);
            return Some(low + (bound - low) * (rank - below) / count);
        }
        below += count;
    }
    bounds.last().copied().filter(|_| counts.iter().any(|count| *count > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_slow_and_fail_as_often_as_they_should() {
        let scenario = Scenario { name: "", errors: (0.02, 0.04), slower: 1.3 };
        let mut traffic = Traffic::new(scenario, 1000.0, 0.1, 1);
        let counts = traffic.history();
        let p95 = quantile(&bounds(), &counts.latency, 0.95).unwrap();
        assert!((0.19..0.21).contains(&p95), "{p95}");
        assert_eq!(counts.latency.iter().sum::<u64>(), counts.requests);
        assert!((850..1150).contains(&counts.failed), "{}", counts.failed);
    }

    #[test]
    fn tails_are_as_in_tables() {
        for (x, tail) in [(0.0, 0.5), (1.645, 0.049_985), (-1.0, 0.841_345), (3.0, 0.001_350)] {
            assert!((upper_tail(x) - tail).abs() < 1e-6, "{x}");
        }
    }
}
