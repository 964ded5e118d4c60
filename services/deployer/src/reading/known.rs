//! What is known of readings, and what is said of those that cannot be read. Pure.

use crate::db::reading::Reading;
use stats::ReadingPair;

impl Reading {
    /// An attempt came to this.
    pub(super) fn tried(&mut self, attempt: &Result<ReadingPair, String>) {
        match attempt {
            Ok(pair) => {
                self.pairs = self.pairs.saturating_add(1);
                (self.candidate, self.stable) = (Some(pair.candidate), Some(pair.stable));
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem.clone()),
        }
    }
}

/// What a sentence about all that was compared says of those that were not read last.
pub(crate) fn told<'a>(readings: impl IntoIterator<Item = &'a Reading>) -> String {
    let problem = |reading: &Reading| {
        Some(format!("; {} was not read: {}", reading.name, reading.problem.as_ref()?))
    };
    readings.into_iter().filter_map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_does_not_answer_is_told_until_it_does() {
        let mut queue = Reading { name: "queue".to_owned(), ..Reading::default() };
        assert_eq!(told([&queue]), "");
        queue.tried(&Ok(ReadingPair { candidate: 2.0, stable: 1.0 }));
        queue.tried(&Err("connect: connection refused".to_owned()));
        assert_eq!(told([&queue]), "; queue was not read: connect: connection refused");
        assert_eq!((queue.pairs, queue.candidate), (1, Some(2.0)), "what was read stays");
        queue.tried(&Ok(ReadingPair { candidate: 3.0, stable: 1.0 }));
        assert_eq!((told([&queue]), queue.pairs), (String::new(), 2));
    }
}
