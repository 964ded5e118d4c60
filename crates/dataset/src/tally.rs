//! How often texts of a Parquet column come. Texts that repeat lie once in a dictionary of the file, at one place in memory:
//! by that place they are counted without a look at what they say.

use crate::builder::count;
use parquet::data_type::ByteArray;
use std::collections::HashMap;

/// Places that are remembered; a power of two.
const PLACES: usize = 1024;

/// Counts by text.
#[derive(Debug)]
pub(crate) struct Tally {
    counts: HashMap<Box<str>, usize>,
    /// What came last of those that share an entry. It is kept, so that nothing else can come to lie at its place.
    last: Vec<Option<(ByteArray, usize)>>,
}

impl Tally {
    /// Of nothing.
    pub(crate) fn new() -> Self {
        Self { counts: HashMap::new(), last: vec![None; PLACES] }
    }

    /// One more.
    pub(crate) fn add(&mut self, text: &ByteArray) {
        let bytes = text.data();
        // Neighbours in a dictionary are a few bytes apart.
        let entry = &mut self.last[(bytes.as_ptr().addr() ^ bytes.len()) % PLACES];
        if let Some((known, times)) = entry {
            if std::ptr::eq(known.data(), bytes) {
                *times += 1;
                return;
            }
            settle(&mut self.counts, known, *times);
        }
        *entry = Some((text.clone(), 1));
    }

    /// The counts.
    pub(crate) fn finish(mut self) -> HashMap<Box<str>, usize> {
        for (text, times) in self.last.iter().flatten() {
            settle(&mut self.counts, text, *times);
        }
        self.counts
    }
}

fn settle(counts: &mut HashMap<Box<str>, usize>, text: &ByteArray, times: usize) {
    count(counts, &String::from_utf8_lossy(text.data()), times);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_wherever_they_lie() {
        let mut tally = Tally::new();
        // More than are remembered, each at two places.
        let texts = || (0..5000).map(|n| ByteArray::from(format!("text {}", n % 2500).as_str()));
        let all: Vec<ByteArray> = texts().collect();
        for text in all.iter().chain(&all).chain(std::iter::repeat_n(&all[7], 100)) {
            tally.add(text);
        }
        let counts = tally.finish();
        assert_eq!((counts.len(), counts["text 8"], counts["text 7"]), (2500, 4, 104));
    }
}
