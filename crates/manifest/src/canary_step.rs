//! One step of a canary.

use crate::grammar::mapping;
use crate::value::{Percent, Span};
use serde::{Deserialize, Serialize};

mapping! {
    /// One step of a canary.
    #[serde(from = "Stored", into = "Stored")]
    pub struct CanaryStep short "weight" {
        /// The share of the traffic.
        weight: Percent;
        /// How long it is watched at least, instead of the canary's `hold`; not for the last one, which `bake` watches.
        hold: Option<Span>;
    }
}

/// As a step is stored: its share alone where it has no hold of its own, as every step was before.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Plain(Percent),
    Own { weight: Percent, hold: Span },
}

impl From<Stored> for CanaryStep {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Plain(weight) => Self { weight, hold: None },
            Stored::Own { weight, hold } => Self { weight, hold: Some(hold) },
        }
    }
}

impl From<CanaryStep> for Stored {
    fn from(CanaryStep { weight, hold }: CanaryStep) -> Self {
        match hold {
            None => Self::Plain(weight),
            Some(hold) => Self::Own { weight, hold },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Reading, default_of};
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<CanaryStep> {
        let mut reading = Reading::default();
        let steps = default_of(text, &mut reading);
        assert!(reading.problems.is_empty(), "{text}");
        steps
    }

    #[test]
    fn plain_steps_are_stored_as_they_were_before_steps_had_holds() {
        let stored = serde_json::to_string(&read("[10, 50%, 100]")).expect("is JSON");
        assert_eq!(stored, "[1000,5000,10000]");
        let own =
            serde_json::to_string(&read("[{ weight: 10, hold: 10m }, 100]")).expect("is JSON");
        assert_eq!(own, r#"[{"weight":1000,"hold":600000},10000]"#);
    }

    proptest! {
        #[test]
        fn steps_are_read_as_they_were_written_and_stored(
            steps in proptest::collection::vec((0_u32..=100, proptest::option::of(0_u64..100_000)), 0..5)
        ) {
            let step = |(weight, hold): (u32, Option<u64>)| CanaryStep {
                weight: Percent::new(weight),
                hold: hold.map(Span::millis),
            };
            let steps: Vec<_> = steps.into_iter().map(step).collect();
            let written = steps.iter().map(|CanaryStep { weight, hold }| match hold {
                None => weight.to_string(),
                Some(hold) => format!("{{ weight: {weight}, hold: {hold} }}"),
            });
            let written = format!("[{}]", written.collect::<Vec<_>>().join(", "));
            prop_assert_eq!(&read(&written), &steps);
            let stored = serde_json::to_string(&steps).expect("is JSON");
            prop_assert_eq!(serde_json::from_str::<Vec<CanaryStep>>(&stored).expect("was stored"), steps);
        }
    }
}
