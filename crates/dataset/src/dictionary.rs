//! Texts of a Parquet column. Those that repeat lie once in a dictionary of the file, at one place in memory: by that place
//! they are known without a look at what they say.

use drift::Tally;
use parquet::data_type::ByteArray;

/// Places that are remembered; a power of two.
const PLACES: usize = 1024;

/// Texts, counted by where they lie.
#[derive(Debug)]
pub(crate) struct Dictionary {
    tally: Tally,
    /// What came last of those that share an entry, and its number. It is kept, so that nothing else can come to lie at its
    /// place.
    last: Vec<Option<(ByteArray, usize)>>,
}

impl Dictionary {
    /// Of nothing.
    pub(crate) fn new() -> Self {
        Self { tally: Tally::default(), last: vec![None; PLACES] }
    }

    /// One more.
    pub(crate) fn add(&mut self, text: &ByteArray) {
        let bytes = text.data();
        // Neighbours in a dictionary are a few bytes apart.
        let entry = &mut self.last[(bytes.as_ptr().addr() ^ bytes.len()) % PLACES];
        if let Some((known, number)) = entry
            && std::ptr::eq(known.data(), bytes)
        {
            self.tally.add(*number);
            return;
        }
        let number = self.tally.number(&String::from_utf8_lossy(bytes));
        self.tally.add(number);
        *entry = Some((text.clone(), number));
    }

    /// The counts.
    pub(crate) fn finish(self) -> Tally {
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drift::Column;

    #[test]
    fn texts_are_told_apart_wherever_they_lie() {
        let mut dictionary = Dictionary::new();
        // More than are remembered, each at two places.
        let text = |n: usize| format!("text {}", n % 2500);
        let all: Vec<ByteArray> = (0..5000).map(|n| ByteArray::from(text(n).as_str())).collect();
        for text in all.iter().chain(&all).chain(std::iter::repeat_n(&all[7], 100)) {
            dictionary.add(text);
        }
        let counts = (0..2500).map(|n| (text(n).into(), if n == 7 { 104 } else { 4 }));
        let column = Column::tallied(10_100, dictionary.finish());
        assert_eq!(column, Column::texts(10_100, counts));
    }
}
