//! What a method says of two columns, or why it cannot say anything.

use crate::bins::{Shares, are_whole, histograms, sturges};
use crate::categories::Categories;
use crate::chi_square::{self, Power};
use crate::column::{Column, Content, Numbers};
use crate::distance::Distances;
use crate::kind::Kind;
use crate::mann_whitney::Side;
use crate::method::Method;
use crate::report::Mode;
use crate::ties::Samples;
use crate::{
    anderson, cramer, divergence, epps, fisher, kolmogorov, mann_whitney, proportion, student, sum,
    variation,
};

use std::cell::OnceCell;

/// What a method says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    pub(crate) statistic: Option<f64>,
    pub(crate) p_value: Option<f64>,
    /// What its threshold is compared with.
    pub(crate) score: f64,
}

impl Measure {
    /// Of a test.
    pub(crate) fn p(statistic: f64, p: f64) -> Self {
        Self { statistic: Some(statistic), p_value: Some(p), score: p }
    }

    /// Of a distance.
    pub(crate) fn distance(distance: f64) -> Self {
        Self { statistic: Some(distance), p_value: None, score: distance }
    }
}

/// Why a method says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error("there are no values on one side")]
    Empty,
    #[error("the values are no numbers on one side")]
    NotNumbers,
    #[error("it needs {0} values on each side")]
    TooFew(usize),
    #[error("it relabels no more than {0} values")]
    TooMany(usize),
    #[error("all values are equal")]
    Constant,
    #[error("the middle half of the values is equal")]
    NoQuartiles,
    #[error("the values are too far apart, or too close for their size, to be told apart by bins")]
    NoBins,
    #[error("it compares counts, and there are not as many current values as in the reference")]
    UnequalSizes,
    #[error("there are more than two values")]
    NotTwoValues,
}

/// Two columns of one kind, prepared once for every method.
#[derive(Debug)]
pub(crate) struct Compared<'a> {
    kind: Kind,
    columns: (&'a Column, &'a Column),
    numbers: Option<(&'a Numbers, &'a Numbers)>,
    /// Of values that are counted, and of numbers with few values.
    pub(crate) categories: Option<Categories>,
    /// How many different values there are, counted up to the limits that matter.
    pub(crate) distinct: usize,
    distances: OnceCell<Distances>,
}

/// With more different values nobody counts them.
const MOST_DISTINCT: usize = 6;

impl<'a> Compared<'a> {
    pub(crate) fn new(kind: Kind, reference: &'a Column, current: &'a Column) -> Self {
        let numbers = match (&reference.content, &current.content) {
            (Content::Numbers(one), Content::Numbers(other)) => Some((one, other)),
            _ => None,
        };
        let (columns, distances) = ((reference, current), OnceCell::new());
        if kind == Kind::Cat {
            let categories = Categories::new(reference, current);
            let distinct = categories.all.len();
            let categories = Some(categories);
            return Self { kind, columns, numbers, categories, distinct, distances };
        }
        let samples = numbers.map(|(one, other)| samples(one, other));
        let distinct = samples.map_or(0, |samples| samples.ties().take(MOST_DISTINCT).count());
        let is_few = distinct < MOST_DISTINCT && kind == Kind::Num;
        let categories = is_few.then(|| Categories::new(reference, current));
        Self { kind, columns, numbers, categories, distinct, distances }
    }

    /// Both sides have what columns of this kind are made of: nothing is measured of texts as numbers.
    pub(crate) fn is_of_its_kind(&self) -> bool {
        match self.kind {
            Kind::Num => self.both().is_ok(),
            Kind::Cat => self.counted().is_ok(),
            Kind::Text | Kind::Other => false,
        }
    }

    pub(crate) fn samples(&self) -> Option<Samples<'a>> {
        self.numbers.map(|(one, other)| samples(one, other))
    }

    /// What `method` says.
    pub(crate) fn measure(&self, method: Method, mode: Mode) -> Result<Measure, Obstacle> {
        // Evidently asks only whether values became larger.
        let side = if mode == Mode::Evidently { Side::Upward } else { Side::Two };
        match method {
            Method::ChiSquare => self.chi_square(Power::Pearson, mode),
            Method::GTest => self.chi_square(Power::Likelihood, mode),
            Method::Z => self.counted().map(proportion::test),
            Method::Tvd => variation::test(self.counted()?, self.columns),
            Method::FisherExact => self.fisher(mode),
            Method::JensenShannon => self.shares().map(divergence::jensen_shannon),
            Method::Psi => self.shares().map(divergence::psi),
            Method::KlDiv => self.shares().map(divergence::kullback_leibler),
            Method::Hellinger => self.hellinger(),
            Method::Ks => {
                let sizes = self.both()?.sizes();
                Ok(kolmogorov::test(sizes, self.distances()?.greatest()))
            }
            Method::Wasserstein => self.distances().map(Distances::wasserstein),
            Method::Energy => self.distances().map(Distances::energy),
            Method::Anderson => anderson::test(self.both()?),
            Method::CramerVonMises => cramer::test(self.both()?, mode),
            Method::EppsSingleton => epps::test(self.both()?),
            Method::MannWhitney => self.both().map(|samples| mann_whitney::test(samples, side)),
            Method::TTest => self.t_test(mode),
        }
    }

    fn t_test(&self, mode: Mode) -> Result<Measure, Obstacle> {
        let Samples { reference, current } = self.both()?;
        let written = self.numbers.map(|(one, other)| (one.written(), other.written()));
        let kept = written.filter(|(one, other)| !one.is_empty() && !other.is_empty());
        Ok(match mode {
            // scipy adds row by row, which shows in values far from zero.
            Mode::Evidently => student::test(kept.unwrap_or((reference, current)), sum::mean),
            Mode::Slipway => student::test((reference, current), sum::mean_of_sorted),
        })
    }

    /// Both sides as counts, of which neither is empty.
    fn counted(&self) -> Result<&Categories, Obstacle> {
        let categories = self.categories.as_ref().ok_or(Obstacle::NotNumbers)?;
        let (n1, n2) = categories.sizes;
        if n1 <= 0.0 || n2 <= 0.0 { Err(Obstacle::Empty) } else { Ok(categories) }
    }

    fn chi_square(&self, power: Power, mode: Mode) -> Result<Measure, Obstacle> {
        match mode {
            Mode::Evidently => chi_square::fit(self.counted()?, power),
            Mode::Slipway => Ok(chi_square::homogeneity(self.counted()?, power)),
        }
    }

    fn fisher(&self, mode: Mode) -> Result<Measure, Obstacle> {
        let categories = self.counted()?;
        let is_unequal = categories.sizes.0.total_cmp(&categories.sizes.1).is_ne();
        // Evidently refuses what the test could do.
        if mode == Mode::Evidently && is_unequal {
            return Err(Obstacle::UnequalSizes);
        }
        fisher::test(categories)
    }

    /// Both sides as numbers, of which neither is empty.
    pub(crate) fn both(&self) -> Result<Samples<'a>, Obstacle> {
        let samples = self.samples().ok_or(Obstacle::NotNumbers)?;
        let is_empty = samples.reference.is_empty() || samples.current.is_empty();
        if is_empty { Err(Obstacle::Empty) } else { Ok(samples) }
    }

    /// Distances of the numbers, walked once.
    pub(crate) fn distances(&self) -> Result<&Distances, Obstacle> {
        let samples = self.both()?;
        Ok(self.distances.get_or_init(|| Distances::of(samples)))
    }

    /// How many values either side has.
    pub(crate) fn sizes(&self) -> (f64, f64) {
        let counted = self.categories.as_ref().map(|categories| categories.sizes);
        counted.or(self.samples().map(Samples::sizes)).unwrap_or_default()
    }

    fn are_whole(&self) -> bool {
        self.numbers.is_some_and(|(one, other)| are_whole(one.kept(), other.kept()))
    }

    /// How often bins, or values, are hit.
    pub(crate) fn shares(&self) -> Result<Shares, Obstacle> {
        if self.kind == Kind::Cat {
            let categories = self.counted()?;
            return Ok(Shares::of_counts(categories.counts(), categories.sizes));
        }
        Shares::of_numbers(self.both()?, self.are_whole())
    }

    fn hellinger(&self) -> Result<Measure, Obstacle> {
        if self.kind == Kind::Cat {
            let shares = self.shares()?;
            let overlaps =
                shares.reference.iter().zip(&shares.current).map(|(r, c)| (r * c).sqrt());
            return Ok(divergence::hellinger(overlaps));
        }
        let samples = self.both()?;
        let distinct = crate::count(samples.ties().count());
        let range = samples.range().unwrap_or_default();
        let edges = sturges(range, distinct, self.are_whole())?;
        let (ones, others) = histograms(samples, &edges);
        let (n1, n2) = (ones.iter().sum::<f64>(), others.iter().sum::<f64>());
        let width = (edges[edges.len() - 1] - edges[0]) / crate::count(edges.len() - 1);
        let overlaps =
            edges.windows(2).zip(ones.iter().zip(&others)).map(|(edge, (one, other))| {
                let own = edge[1] - edge[0];
                ((one / own / n1) * (other / own / n2)).sqrt() * width
            });
        Ok(divergence::hellinger(overlaps))
    }
}

fn samples<'a>(reference: &'a Numbers, current: &'a Numbers) -> Samples<'a> {
    Samples { reference: reference.sorted(), current: current.sorted() }
}
