//! How fast the candidate answers beside the stable release, from how long each answer to the same request took. Pure.

use manifest::{Performance, Quantile};
use stats::{Analysis, Floor, Judgement, LatencyPlan, Plan, Share, Sight, Snapshot, Verdict};
use std::time::Duration;

/// Where the first bucket ends, in seconds, and by how much each is wider than the one before.
const BUCKETS: (f64, f64) = (0.000_1, 1.05);
/// To above a minute.
const BUCKET_COUNT: usize = 280;
/// Nobody feels less, in seconds.
const FLOOR: f64 = 0.001;

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Race {
    analysis: Analysis,
    bounds: Vec<f64>,
    candidate: Vec<u64>,
    stable: Vec<u64>,
}

impl Race {
    /// Nothing was seen yet.
    pub(crate) fn new(performance: &Performance) -> Self {
        let quantile = match performance.quantile {
            Quantile::Median => Share::MEDIAN,
            Quantile::P95 => Share::P95,
        };
        // The manifest's parser lets nothing pass that is out of range.
        let worse_by = Floor::try_from(performance.worse_by.fraction()).unwrap_or(Floor::A_FIFTH);
        let latency = vec![LatencyPlan { quantile, worse_by }];
        let plan = Plan { errors: None, latency, ..Plan::default() };
        let bound = |n: i32| BUCKETS.0 * BUCKETS.1.powi(n);
        let none = vec![0; BUCKET_COUNT + 1];
        let mut race = Self {
            analysis: Analysis::new(plan),
            bounds: (0..).take(BUCKET_COUNT).map(bound).collect(),
            candidate: none.clone(),
            stable: none,
        };
        race.look();
        race
    }

    /// Both answered once more.
    pub(crate) fn observe(&mut self, candidate: Duration, stable: Duration) {
        let bucket = |took: Duration| {
            let took = took.as_secs_f64();
            self.bounds.partition_point(|bound| *bound < took)
        };
        let (candidate, stable) = (bucket(candidate), bucket(stable));
        self.candidate[candidate] += 1;
        self.stable[stable] += 1;
        self.look();
    }

    fn look(&mut self) {
        let sides = (self.snapshot(&self.candidate), self.snapshot(&self.stable));
        if let (Some(candidate), Some(stable)) = sides {
            self.analysis.observe(&Sight { candidate, stable, readings: Vec::new() });
        }
    }

    fn snapshot(&self, counts: &[u64]) -> Option<Snapshot> {
        let so_far = |sum: &mut u64, count: &u64| {
            *sum += count;
            Some(*sum)
        };
        let cumulative: Vec<u64> = counts.iter().scan(0, so_far).collect();
        let all = cumulative.last().copied().unwrap_or_default();
        Snapshot::new(all, 0, self.bounds.clone(), &cumulative).ok()
    }

    /// What follows by now, and the sentence for people. It may be asked at any moment.
    pub(crate) fn verdict(&self) -> (Verdict, String) {
        let judgement = self.analysis.judgement();
        if judgement.verdict == Verdict::Fail && !is_felt(&judgement) {
            let findings: String = judgement.findings.iter().map(ToString::to_string).collect();
            let floor = FLOOR * 1000.0;
            return (Verdict::Pass, format!("pass: {findings}, but by less than {floor} ms"));
        }
        (judgement.verdict, judgement.to_string())
    }
}

fn is_felt(judgement: &Judgement) -> bool {
    let evidence = judgement.findings.iter().map(|finding| &finding.evidence);
    let mut slower =
        evidence.filter_map(|it| Some(it.candidate.value? - it.stable.value.unwrap_or_default()));
    slower.any(|by| by >= FLOOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers that take about so many milliseconds, by a third longer or shorter, always the same ones.
    fn took(middle: f64, n: u32) -> Duration {
        let noise = f64::from(n.wrapping_mul(2_654_435_761) % 1000) / 1000.0;
        Duration::from_secs_f64(middle * (0.67 + 0.66 * noise) / 1000.0)
    }

    /// What is said when the candidate takes about so long and the stable release takes about so long, and after how
    /// many requests.
    fn told(quantile: Quantile, candidate: f64, stable: f64) -> (u32, String) {
        let worse_by = manifest::Percent::parse("20%").expect("a percentage");
        let mut race = Race::new(&Performance { worse_by, quantile, count: 400 });
        for n in 0..400 {
            race.observe(took(candidate, 2 * n), took(stable, 2 * n + 1));
            let (verdict, said) = race.verdict();
            if verdict != Verdict::Inconclusive {
                return (n, said);
            }
        }
        (400, race.verdict().1)
    }

    #[test]
    fn the_same_passes_and_what_is_half_slower_fails() {
        let (count, said) = told(Quantile::Median, 20.0, 20.0);
        assert!(said.starts_with("pass: p50: ") && count < 400, "{count}: {said}");
        let (count, said) = told(Quantile::Median, 30.0, 20.0);
        assert!(said.starts_with("fail: p50: ") && count < 400, "{count}: {said}");
        let (_, said) = told(Quantile::P95, 40.0, 20.0);
        assert!(said.starts_with("fail: p95: "), "{said}");
    }

    #[test]
    fn a_fifth_that_is_allowed_is_neither() {
        let (_, said) = told(Quantile::Median, 24.0, 20.0);
        assert!(said.starts_with("inconclusive: "), "{said}");
    }

    #[test]
    fn what_nobody_feels_is_not_held_against_it() {
        let (_, said) = told(Quantile::Median, 0.6, 0.3);
        assert!(said.ends_with("but by less than 1 ms"), "{said}");
    }

    #[test]
    fn nothing_is_said_before_it_is_known_what_is_usual() {
        let worse_by = manifest::Percent::parse("20%").expect("a percentage");
        let performance = Performance { worse_by, quantile: Quantile::Median, count: 400 };
        let mut race = Race::new(&performance);
        assert_eq!(race.verdict().0, Verdict::Inconclusive);
        for n in 0..99 {
            race.observe(took(500.0, n), took(5.0, n));
        }
        assert_eq!(race.verdict().0, Verdict::Inconclusive);
    }
}
