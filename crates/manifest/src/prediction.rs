//! By how much a candidate's model may say something else than the stable release's.

use crate::grammar::{choice, mapping};
use crate::read::{Reading, default_of};
use crate::value::Percent;

mapping! {
    /// By how much a candidate's predictions may be others than those of the stable release, over the same minutes or for
    /// the same requests. They are compared where `drift.data.capture` says where they stand in an answer.
    pub struct Predictions {
        /// The share of them that may have gone to where the stable release has fewer: another fifth of its numbers, or
        /// another value; in percentage points. With 100% that is not judged.
        moved: Percent = "10%", "a model that was trained again is expected to differ a little";
        /// The share of them that may disagree with those of the stable release for the same requests; of a `shadow`.
        /// With 100% that is not judged.
        disagree: Percent = "10%", "as much as may have moved";
        /// How far numbers may be apart and agree, of the standard deviation of the stable release's predictions.
        apart: Percent = "50%", "half of a standard deviation is what statistics calls a medium effect";
        /// What follows when more is shown.
        then: Consequence = "ask", "whether it is the data or a fault that changed them is known to people";
    }
}

choice! {
    /// What follows of predictions that are others.
    pub enum Consequence {
        /// A person is asked; what is not shown holds nothing up.
        Ask = "ask",
        /// The release goes back; that there are not more has to be shown.
        Fail = "fail",
    }
}

impl Predictions {
    /// As it is when nothing is said of it.
    pub(crate) fn usual() -> Self {
        default_of("{}", &mut Reading::default())
    }

    /// It is left out of what is stored, so that releases from before it are equal.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::usual()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Analysis;

    #[test]
    fn what_was_stored_without_it_is_read_and_written_as_it_was() {
        let stored = r#"{"errors":{"worse_by":100},"p95":{"worse_by":2000}}"#;
        let read: Analysis = serde_json::from_str(stored).expect("readable");
        assert_eq!(read.predictions, Predictions::usual());
        assert_eq!(serde_json::to_string(&read).expect("JSON"), stored);
        let own: Analysis = default_of("{ predictions: { then: fail } }", &mut Reading::default());
        let again = serde_json::to_string(&own).expect("JSON");
        assert_eq!(serde_json::from_str::<Analysis>(&again).expect("readable"), own);
    }
}
