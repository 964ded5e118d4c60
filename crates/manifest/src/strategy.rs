//! How a release takes over traffic.

use crate::canary_step::CanaryStep;
use crate::docs::{Docs, Row};
use crate::grammar::mapping;
use crate::insider::Insider;
use crate::nearest::suggestion;
use crate::prediction::Predictions;
use crate::problem::quoted;
use crate::read::{Fields, Read, Reading, default_of};
use crate::reading::{self, ReadingName};
use crate::shadow::Shadow;
use crate::sticky::Sticky;
use crate::synthetic::Synthetic;
use crate::value::{Percent, Span};
use crate::yaml::{Node, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a release takes over. `blue_green`: beside the old one, then all traffic in one step.
/// `recreate`: the old one stops first, so there is downtime. `canary`: a growing share of the traffic,
/// judged at each step. `shadow`: copies of requests first, whose answers are compared and thrown away,
/// then all traffic. A bare word takes the defaults; the last two have keys of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Beside the old one, then all traffic in one step.
    BlueGreen,
    /// The old one stops first.
    Recreate,
    /// A growing share of the traffic, judged at each step.
    Canary(Canary),
    /// Copies of requests, compared and thrown away.
    Shadow(Shadow),
}

mapping! {
    /// A growing share of the traffic, judged at each step.
    pub struct Canary {
        /// The shares, growing, the last one 100.
        steps: Vec<CanaryStep> = "[10, 50, 100]", "the usual three";
        /// How long each step is watched at least that says nothing else.
        hold: Span = "5m", "long enough for a few hundred requests of a small service";
        /// How long a step is watched at least whose candidate is shown to be no worse by then; left out, it is
        /// watched for all of its time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pass_after: Option<Span>;
        /// What is compared between candidate and stable.
        analysis: Analysis = "{}", "its keys have defaults of their own";
        /// By what a client is known, so that it gets the same release all the time; left out, every
        /// request is decided by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sticky: Option<Sticky>;
        /// Requests that it answers whatever its share is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        insiders: Vec<Insider>;
        /// Requests that Slipway sends itself while those of users are too few to judge by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synthetic: Option<Synthetic>;
    }
}

impl Canary {
    /// The steps that are held, and how long: all but the last one, which is all traffic.
    pub fn held(&self) -> impl Iterator<Item = (Percent, Span)> {
        let held = self.steps.split_last().map_or(&[][..], |(_, held)| held);
        held.iter().map(|step| (step.weight, step.hold.unwrap_or(self.hold)))
    }

    /// Whether a step says for itself how long it is held.
    pub fn has_own_holds(&self) -> bool {
        self.steps.iter().any(|step| step.hold.is_some())
    }
}

mapping! {
    /// How much worse than the stable release, over the same minutes, a candidate may be.
    pub struct Analysis {
        /// The share of requests that fail, in percentage points.
        errors: WorseBy = "1%", "one request in a hundred is noticed";
        /// The 95th percentile of latency, relative.
        p95: WorseBy = "20%", "less is within the noise of a shared machine";
        /// The median, relative; left out, it is not judged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p50: Option<WorseBy>;
        /// The 99th percentile, relative; left out, it is not judged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p99: Option<WorseBy>;
        /// What its model says.
        #[serde(default = "Predictions::usual", skip_serializing_if = "Predictions::is_usual")]
        predictions: Predictions = "{}", "its keys have defaults of their own";
        /// Numbers that are read elsewhere, by the names people know them by.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        readings: BTreeMap<ReadingName, reading::Reading>;
    }
}

mapping! {
    /// By how much something may be worse.
    pub struct WorseBy short "worse_by" {
        /// By how much.
        worse_by: Percent;
    }
}

mapping! {
    /// How long the old release stays ready while all traffic is on the new one, and what sends it back.
    pub struct Bake short "for" {
        /// How long.
        lasts ["for"]: Span = "1m", "three failures of a probe with the defaults take 45 s";
        /// The share of requests that may fail beyond that of the old release, in percentage points.
        errors: WorseBy = "5%", "one request in twenty is an outage, not noise";
        /// How many restarts are too many.
        restarts: u32 = "1", "an instance that passed its gate and ended has a reason";
        /// How many requests there must be before `errors` is judged.
        requests: u32 = "20", "below it one failure is 5 %";
    }
}

const WORDS: [&str; 4] = ["blue_green", "recreate", "canary", "shadow"];

impl Strategy {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::BlueGreen => "blue_green",
            Self::Recreate => "recreate",
            Self::Canary(_) => "canary",
            Self::Shadow(_) => "shadow",
        }
    }

    /// What a candidate is judged by while it has a share, or copies; nothing where it gets neither.
    pub fn analysis(&self) -> Option<&Analysis> {
        match self {
            Self::Canary(canary) => Some(&canary.analysis),
            Self::Shadow(shadow) => Some(&shadow.analysis),
            Self::BlueGreen | Self::Recreate => None,
        }
    }

    fn of_word(word: &str, node: &Node, reading: &mut Reading) -> Self {
        match word {
            "blue_green" => Self::BlueGreen,
            "recreate" => Self::Recreate,
            "canary" => Self::Canary(default_of("{}", reading)),
            "shadow" => Self::Shadow(default_of("{}", reading)),
            _ => {
                let expected = WORDS.join(", ");
                let message = format!("expected one of {expected}, found {}", quoted(word));
                let help = suggestion(word, &WORDS);
                reading.problem(node.at, message, help.starts_with("did").then_some(help));
                Self::stand_in()
            }
        }
    }
}

impl Read for Strategy {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        if let Value::Scalar { text, .. } = &node.value {
            return Self::of_word(text, node, reading);
        }
        let Some(mut fields) = Fields::of(node, None, &mut *reading) else {
            return reading.expected(node, "a strategy");
        };
        let canary = Canary::take(&mut fields, "canary").map(Self::Canary);
        let shadow = Shadow::take(&mut fields, "shadow").map(Self::Shadow);
        if canary.is_some() == shadow.is_some() {
            fields.remark("needs exactly one of `canary`, `shadow`".to_owned());
        }
        fields.finish();
        canary.or(shadow).unwrap_or(Self::BlueGreen)
    }

    fn stand_in() -> Self {
        Self::BlueGreen
    }

    fn describe(docs: &mut Docs) -> String {
        let about = "How a release takes over. `blue_green`: beside the old one, then all traffic in one \
                     step. `recreate`: the old one stops first, so there is downtime. `canary`: a growing \
                     share of the traffic, judged at each step. `shadow`: copies of requests first, whose \
                     answers are compared and thrown away, then all traffic. The bare words `canary` and \
                     `shadow` take the defaults.";
        docs.section("Strategy", &[about], None, |docs| {
            let row = |key, about| Row::one_of(key, &[about], &["canary", "shadow"]);
            let canary = Canary::rows(row("canary", "Step by step."), docs);
            let shadow = Shadow::rows(row("shadow", "With copies first."), docs);
            canary.into_iter().chain(shadow).collect()
        })
    }
}
