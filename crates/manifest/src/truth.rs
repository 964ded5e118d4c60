//! What was true of predictions, told later.

use crate::grammar::{choice, mapping};
use crate::value::{JsonPointer, Percent};

mapping! {
    /// What was true of captured predictions, told later by `slipway drift truth`: how good the model is that answers.
    pub struct Truth {
        /// Where in the JSON of a request that stands by which the truth is told; left out, it is the request's id,
        /// its header `x-request-id`.
        key: Option<JsonPointer>;
        /// What is predicted.
        kind: TruthKind = "score", "most models that decide give one";
        /// From which score on something is predicted to be true.
        threshold: Percent = "50%", "more likely than not";
        /// How much worse it must be to be told: points of a hundred more that are wrong, of numbers so much further off. Left
        /// out, 2% and 10%.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worse_by: Option<Percent>;
    }
}

choice! {
    /// What is predicted.
    pub enum TruthKind {
        /// How likely something is, from 0 to 1; the truth is true or false, or 1 or 0.
        Score = "score",
        /// One of several values.
        Class = "class",
        /// A number.
        Number = "number",
    }
}
