//! The methods by their names, the kinds they are for, and the thresholds that Evidently gives them.

use crate::kind::Kind;
use serde::{Serialize, Serializer};
use std::str::FromStr;

/// A test or a distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Kolmogorov and Smirnov.
    Ks,
    /// Wasserstein's distance in standard deviations of the reference.
    Wasserstein,
    /// Jensen and Shannon's distance.
    JensenShannon,
    /// Population stability index.
    Psi,
    /// Kullback and Leibler's divergence.
    KlDiv,
    /// Hellinger's distance.
    Hellinger,
    /// Anderson and Darling.
    Anderson,
    /// Cramér and von Mises.
    CramerVonMises,
    /// Energy distance.
    Energy,
    /// Epps and Singleton.
    EppsSingleton,
    /// Mann and Whitney.
    MannWhitney,
    /// Student.
    TTest,
    /// Chi-square.
    ChiSquare,
    /// Two proportions.
    Z,
    /// G.
    GTest,
    /// Fisher.
    FisherExact,
    /// Total variation, with a probability by relabelling.
    Tvd,
}

impl Method {
    /// All, in the order of reports.
    pub const ALL: [Self; 17] = [
        Self::Ks,
        Self::Wasserstein,
        Self::JensenShannon,
        Self::Psi,
        Self::KlDiv,
        Self::Hellinger,
        Self::Anderson,
        Self::CramerVonMises,
        Self::Energy,
        Self::EppsSingleton,
        Self::MannWhitney,
        Self::TTest,
        Self::ChiSquare,
        Self::Z,
        Self::GTest,
        Self::FisherExact,
        Self::Tvd,
    ];

    /// Its name, as Evidently calls it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Ks => "ks",
            Self::Wasserstein => "wasserstein",
            Self::JensenShannon => "jensenshannon",
            Self::Psi => "psi",
            Self::KlDiv => "kl_div",
            Self::Hellinger => "hellinger",
            Self::Anderson => "anderson",
            Self::CramerVonMises => "cramer_von_mises",
            Self::Energy => "ed",
            Self::EppsSingleton => "es",
            Self::MannWhitney => "mannw",
            Self::TTest => "t_test",
            Self::ChiSquare => "chisquare",
            Self::Z => "z",
            Self::GTest => "g_test",
            Self::FisherExact => "fisher_exact",
            Self::Tvd => "TVD",
        }
    }

    /// Whether it is for columns of this kind.
    pub fn is_for(self, kind: Kind) -> bool {
        match self {
            Self::JensenShannon | Self::Psi | Self::KlDiv | Self::Hellinger => {
                matches!(kind, Kind::Num | Kind::Cat)
            }
            Self::ChiSquare | Self::Z | Self::GTest | Self::FisherExact | Self::Tvd => {
                kind == Kind::Cat
            }
            Self::Ks
            | Self::Wasserstein
            | Self::Anderson
            | Self::CramerVonMises
            | Self::Energy
            | Self::EppsSingleton
            | Self::MannWhitney
            | Self::TTest => kind == Kind::Num,
        }
    }

    /// It gives a distance and no probability.
    pub fn is_distance(self) -> bool {
        matches!(
            self,
            Self::Wasserstein
                | Self::JensenShannon
                | Self::Psi
                | Self::KlDiv
                | Self::Hellinger
                | Self::Energy
        )
    }

    /// The threshold that Evidently compares it with.
    pub(crate) fn threshold(self) -> f64 {
        match self {
            Self::Ks
            | Self::EppsSingleton
            | Self::MannWhitney
            | Self::TTest
            | Self::ChiSquare
            | Self::Z => 0.05,
            Self::Wasserstein
            | Self::JensenShannon
            | Self::Psi
            | Self::KlDiv
            | Self::Hellinger
            | Self::Anderson
            | Self::CramerVonMises
            | Self::Energy
            | Self::GTest
            | Self::FisherExact
            | Self::Tvd => 0.1,
        }
    }

    /// Whether Evidently tells drift of this score.
    pub(crate) fn tells_drift(self, score: f64) -> bool {
        let threshold = self.threshold();
        if self == Self::Energy {
            return score > threshold;
        }
        if self.is_distance() {
            return score >= threshold;
        }
        let is_inclusive = matches!(self, Self::Ks | Self::CramerVonMises);
        score < threshold || (is_inclusive && score <= threshold)
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// A method that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no method {name:?}; there are {}", all())]
pub struct UnknownMethod {
    name: String,
}

fn all() -> String {
    Method::ALL.map(Method::id).join(", ")
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, UnknownMethod> {
        let known = Self::ALL.into_iter().find(|method| method.id().eq_ignore_ascii_case(name));
        known.ok_or_else(|| UnknownMethod { name: name.to_owned() })
    }
}

/// Which methods are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Methods {
    /// Those that decide.
    #[default]
    Deciding,
    /// Every one that is for the column.
    All,
    /// These, where they are for the column.
    These(Vec<Method>),
}

impl FromStr for Methods {
    type Err = UnknownMethod;

    fn from_str(list: &str) -> Result<Self, UnknownMethod> {
        if list == "all" {
            return Ok(Self::All);
        }
        list.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>().map(Self::These)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_name() {
        for method in Method::ALL {
            assert_eq!(method.id().parse(), Ok(method));
        }
        assert!("mmd".parse::<Methods>().expect_err("is not there").to_string().contains("psi"));
        assert_eq!("ks, psi".parse(), Ok(Methods::These(vec![Method::Ks, Method::Psi])));
    }
}
