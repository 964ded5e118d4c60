//! A column as its cells come in. What begins with numbers and turns out to be texts is read once more, as texts.

use crate::cell::{Cell, is_missing};
use drift::{Column, Content, Form, Tally};

/// With more different texts a column is nothing that could be counted.
const MOST_TEXTS: usize = 2_000_000;

/// A column that is being read.
#[derive(Debug)]
pub(crate) struct Builder {
    rows: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// No cell had a value yet.
    Unknown,
    Numbers {
        values: Vec<f64>,
        is_whole: bool,
    },
    Flags(Vec<f64>),
    Texts(Tally),
    /// Numbers, and then something else.
    Mixed,
    TooMany,
}

/// A cell that is not UTF-8.
#[derive(Debug)]
pub(crate) struct NotText;

impl Builder {
    /// Of whatever comes.
    pub(crate) fn new() -> Self {
        Self { rows: 0, state: State::Unknown }
    }

    /// Of texts, also where they look like numbers.
    pub(crate) fn of_texts() -> Self {
        Self { rows: 0, state: State::Texts(Tally::default()) }
    }

    /// Takes the next cell.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), NotText> {
        self.rows += 1;
        if let State::Texts(tally) = &mut self.state {
            if is_missing(bytes) {
                return Ok(());
            }
            let text = std::str::from_utf8(bytes).map_err(|_| NotText)?;
            let number = tally.number(text);
            tally.add(number);
            if tally.distinct() > MOST_TEXTS {
                self.state = State::TooMany;
            }
            return Ok(());
        }
        match (&mut self.state, Cell::of(bytes)) {
            (State::Mixed | State::TooMany, _) | (_, Cell::Missing) => {}
            (State::Numbers { values, .. }, Cell::Whole(value)) => values.push(value),
            (State::Numbers { values, is_whole }, Cell::Real(value)) => {
                *is_whole = false;
                values.push(value);
            }
            (State::Flags(values), Cell::Flag(flag)) => values.push(f64::from(u8::from(flag))),
            (state @ State::Unknown, cell) => *state = State::first(cell, bytes)?,
            (state, _) => *state = State::Mixed,
        }
        Ok(())
    }

    /// It has to be read as texts.
    pub(crate) fn is_mixed(&self) -> bool {
        matches!(self.state, State::Mixed)
    }

    /// What was read.
    pub(crate) fn finish(self) -> Column {
        let rows = self.rows;
        let content =
            |missing, content| Column { rows, missing, infinite: 0, mistyped: 0, content };
        let other = |name| content(0, Content::Other(name));
        match self.state {
            State::Unknown => content(rows, Content::Empty),
            State::Numbers { values, is_whole } => {
                Column::numbers(rows, values, if is_whole { Form::Whole } else { Form::Real })
            }
            State::Flags(values) => Column::numbers(rows, values, Form::Flag),
            State::Texts(tally) => Column::tallied(rows, tally),
            State::Mixed => other("numbers and texts"),
            State::TooMany => other("texts, more than two million different ones"),
        }
    }
}

impl State {
    fn first(cell: Cell, bytes: &[u8]) -> Result<Self, NotText> {
        Ok(match cell {
            Cell::Missing => Self::Unknown,
            Cell::Flag(flag) => Self::Flags(vec![f64::from(u8::from(flag))]),
            Cell::Whole(value) => Self::Numbers { values: vec![value], is_whole: true },
            Cell::Real(value) => Self::Numbers { values: vec![value], is_whole: false },
            Cell::Text => {
                let mut tally = Tally::default();
                let number = tally.number(std::str::from_utf8(bytes).map_err(|_| NotText)?);
                tally.add(number);
                Self::Texts(tally)
            }
        })
    }
}
