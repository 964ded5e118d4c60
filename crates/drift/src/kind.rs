//! How a column is treated: as numbers that lie somewhere, or as values that are counted.

use crate::column::{Column, Content, Form};
use crate::report::Mode;
use serde::Serialize;
use std::str::FromStr;

/// Whole numbers with no more different values than this are values that are counted.
const FEW_VALUES: usize = 10;

/// How a column is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers that lie somewhere.
    Num,
    /// Values that are counted.
    Cat,
    /// Texts that are nearly all different; nothing is tested but what holds for every column.
    Text,
    /// What no test is for: times, structures, nothing at all.
    Other,
}

impl Kind {
    /// What a column seems to be. As Evidently would be told by pandas, if that is the mode.
    pub(crate) fn of(column: &Column, mode: Mode) -> Self {
        match &column.content {
            Content::Empty | Content::Times(_) | Content::Other(_) => Self::Other,
            Content::Texts(texts) if texts.counts().len() * 2 > column.present() => Self::Text,
            Content::Texts(_) => Self::Cat,
            Content::Numbers(numbers) => {
                let is_whole = match (mode, numbers.form(), numbers.kept()) {
                    (Mode::Slipway, Form::Flag, _) | (_, _, Form::Flag) => return Self::Cat,
                    // pandas makes objects of truths with gaps, which Evidently passes over, and fractions of whole numbers.
                    (Mode::Evidently, Form::Flag, _) => return Self::Other,
                    (Mode::Evidently, _, kept) => kept == Form::Whole,
                    (Mode::Slipway, _, _) => numbers.are_whole(),
                };
                let is_few = || numbers.distinct(FEW_VALUES + 1) <= FEW_VALUES;
                if is_whole && is_few() { Self::Cat } else { Self::Num }
            }
        }
    }

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Num => "num",
            Self::Cat => "cat",
            Self::Text => "text",
            Self::Other => "other",
        }
    }
}

/// A kind that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind: num, cat, or text for what is not to be tested")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        match word {
            "num" => Ok(Self::Num),
            "cat" => Ok(Self::Cat),
            "text" => Ok(Self::Text),
            other => Err(UnknownKind(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_make_nothing_else_of_truths_and_whole_numbers() {
        let kinds = |form| {
            let column = Column::numbers(4, vec![0.0, 1.0, 1.0], form);
            (column.word(), Kind::of(&column, Mode::Slipway), Kind::of(&column, Mode::Evidently))
        };
        assert_eq!(kinds(Form::Flag), ("truths", Kind::Cat, Kind::Other));
        assert_eq!(kinds(Form::Whole), ("numbers", Kind::Cat, Kind::Num));
    }
}
