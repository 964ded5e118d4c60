//! Texts as they come: how often each, and which of them in which row.

use crate::column::MOST_IN_ORDER;
use std::collections::HashMap;

/// Counts of texts, numbered as they come.
#[derive(Debug, Default)]
pub struct Tally {
    numbers: HashMap<Box<str>, usize>,
    counts: Vec<usize>,
    /// The number in each row, of the first rows.
    written: Vec<usize>,
}

impl Tally {
    /// The number of a text; only a new one is kept.
    pub fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.counts.len();
        self.counts.push(0);
        self.numbers.insert(text.into(), number);
        number
    }

    /// The text with this number stands in the next row.
    pub fn add(&mut self, number: usize) {
        self.counts[number] += 1;
        // One more than is kept says that it is not all.
        if self.written.len() <= MOST_IN_ORDER {
            self.written.push(number);
        }
    }

    /// How many different texts there are.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// The counts by number, and the number in each row, if it is kept.
    pub(crate) fn finish(self) -> (Vec<(Box<str>, usize)>, Vec<usize>) {
        let mut counts: Vec<(Box<str>, usize)> = vec![(Box::from(""), 0); self.counts.len()];
        for (text, number) in self.numbers {
            counts[number] = (text, self.counts[number]);
        }
        let is_kept = self.written.len() <= MOST_IN_ORDER;
        (counts, if is_kept { self.written } else { Vec::new() })
    }
}
