//! What a person should know of a column, whatever is tested.

use serde::Serialize;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The reference has the column, the current table has not.
    MissingColumn,
    /// The current table has a column that the reference has not.
    ExtraColumn,
    /// No row has a value.
    AllNull,
    /// Its values are of another type.
    TypeChanged,
    /// Every row has the same value.
    Constant,
    /// More or fewer rows have no value.
    NullShare,
    /// Values lie beyond those of the reference.
    OutOfRange,
    /// Values that the reference does not have.
    NewValues,
    /// Values that only the reference has.
    VanishedValues,
    /// Infinite numbers, which take part in nothing.
    InfiniteValues,
    /// Too few values to say anything.
    InsufficientData,
    /// No test is for such values.
    NotTested,
}

impl Code {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::MissingColumn => "missing_column",
            Self::ExtraColumn => "extra_column",
            Self::AllNull => "all_null",
            Self::TypeChanged => "type_changed",
            Self::Constant => "constant",
            Self::NullShare => "null_share",
            Self::OutOfRange => "out_of_range",
            Self::NewValues => "new_values",
            Self::VanishedValues => "vanished_values",
            Self::InfiniteValues => "infinite_values",
            Self::InsufficientData => "insufficient_data",
            Self::NotTested => "not_tested",
        }
    }
}

/// What a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gravity {
    /// The column drifted.
    Drift,
    /// Good to know.
    Notice,
}

/// What was found in a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The column.
    pub column: String,
    /// What.
    pub code: Code,
    /// What it means.
    pub gravity: Gravity,
    /// In a sentence.
    pub message: String,
    /// How many rows, or values, it concerns.
    pub count: usize,
    /// The values it names: the first ten.
    pub values: Vec<String>,
    /// The probability that chance gives as much, where it was tested.
    pub p_value: Option<f64>,
}

impl Finding {
    /// One that nothing was tested for.
    pub(crate) fn new(column: &str, code: Code, gravity: Gravity, message: String) -> Self {
        let column = column.to_owned();
        Self { column, code, gravity, message, count: 0, values: Vec::new(), p_value: None }
    }
}

/// So much of a value stands in a sentence.
const LONGEST: usize = 60;

/// A value in a sentence: of a long one the beginning.
pub(crate) fn clipped(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_values_the_beginning_is_told() {
        assert_eq!(clipped("ü"), "ü");
        assert_eq!(clipped(&"ü".repeat(LONGEST)), "ü".repeat(LONGEST));
        assert_eq!(clipped(&"ü".repeat(LONGEST + 1)), format!("{}...", "ü".repeat(LONGEST)));
    }
}
