//! What is said of two tables: a row for each column and method, findings, a verdict for each column and for the whole.

use crate::finding::Finding;
use crate::kind::Kind;
use crate::method::Method;
use crate::number::Number;
use serde::Serialize;

/// By which rule it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Significant with the false discoveries controlled, and large enough to matter.
    #[default]
    Slipway,
    /// As Evidently judges by default.
    Evidently,
}

/// What follows for a column, or for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It changed.
    Drift,
    /// It did not.
    NoDrift,
    /// There is too little to say so.
    InsufficientData,
    /// There is no test for it.
    NotTested,
}

impl Verdict {
    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::NoDrift => "no drift",
            Self::InsufficientData => "insufficient data",
            Self::NotTested => "not tested",
        }
    }
}

/// What a method said of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The column.
    pub column: String,
    /// How it was treated.
    pub kind: Kind,
    /// The method.
    pub method: Method,
    /// It is one of those that decide.
    pub deciding: bool,
    /// What the threshold is compared with.
    pub score: Option<Number>,
    /// The statistic, where the method has one.
    pub statistic: Option<Number>,
    /// The probability that chance gives as much.
    pub p_value: Option<Number>,
    /// The same, with the false discoveries of the whole table controlled.
    pub p_adjusted: Option<Number>,
    /// From where on it counts.
    pub threshold: Option<Number>,
    /// Whether it tells drift; nothing when there is too little to say so.
    pub drifted: Option<bool>,
    /// Why there is no score.
    pub error: Option<String>,
}

/// How values lie, for a small picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plot {
    /// The edges of bins, one more than bins; none when values are counted.
    pub edges: Vec<f64>,
    /// The values that are counted, those with most rows first.
    pub values: Vec<String>,
    /// The share of each in the reference.
    pub reference: Vec<f64>,
    /// The share of each now.
    pub current: Vec<f64>,
}

/// What follows for a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnReport {
    /// The column.
    pub column: String,
    /// How it was treated.
    pub kind: Kind,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub because: String,
    /// How much it counts.
    pub importance: f64,
    /// Values of the reference.
    pub n_reference: usize,
    /// Values now.
    pub n_current: usize,
    /// Share of rows without a value, in the reference.
    pub nulls_reference: f64,
    /// Share of rows without a value, now.
    pub nulls_current: f64,
    /// How values lie.
    pub plot: Option<Plot>,
}

/// What follows for the whole table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dataset {
    /// The verdict.
    pub verdict: Verdict,
    /// Columns that drifted.
    pub drifted_columns: usize,
    /// Columns that were judged.
    pub judged_columns: usize,
    /// The share of those that drifted, weighted by importance.
    pub drifted_share: f64,
    /// Why, in a sentence.
    pub because: String,
}

/// All that is said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// By which rule.
    pub mode: Mode,
    /// The whole table.
    pub dataset: Dataset,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// Each column.
    pub columns: Vec<ColumnReport>,
    /// Each column and method.
    pub results: Vec<Row>,
}
