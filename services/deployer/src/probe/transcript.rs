//! What was asked and answered, for people: the beginning and the end, repetitions told once. Pure.

use super::{Answer, Target};
use std::collections::VecDeque;
use std::time::Duration;

/// The first answers say how it began, the last how it ended.
const FIRST: usize = 20;
const LAST: usize = 80;

/// The questions and answers of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    first: Vec<Entry>,
    last: VecDeque<Entry>,
    left_out: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    at: Duration,
    until: Duration,
    times: u32,
    text: String,
}

impl Transcript {
    /// Notes what `target` was answered, `at` after the start.
    pub fn note(&mut self, at: Duration, target: &Target, answer: &Answer) {
        self.add(at, format!("{target} -> {answer}"));
    }

    /// Notes what else happened.
    pub fn add(&mut self, at: Duration, text: String) {
        let previous = self.last.back_mut().or(self.first.last_mut());
        if let Some(previous) = previous.filter(|previous| previous.text == text) {
            (previous.until, previous.times) = (at, previous.times + 1);
            return;
        }
        let entry = Entry { at, until: at, times: 1, text };
        if self.first.len() < FIRST {
            self.first.push(entry);
            return;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
            self.left_out += 1;
        }
        self.last.push_back(entry);
    }

    /// Lines such as `+1.2s GET :8000/ready -> connection refused (14 times until +1.9s)`.
    pub fn lines(&self) -> Vec<String> {
        let gap = (self.left_out > 0).then(|| format!("... {} more ...", self.left_out));
        self.first
            .iter()
            .map(Entry::line)
            .chain(gap)
            .chain(self.last.iter().map(Entry::line))
            .collect()
    }
}

impl Entry {
    fn line(&self) -> String {
        let (at, text) = (self.at.as_secs_f64(), &self.text);
        match self.times {
            1 => format!("+{at:.2}s {text}"),
            times => {
                let until = self.until.as_secs_f64();
                format!("+{at:.2}s {text} ({times} times until +{until:.2}s)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn repetitions_are_told_once() {
        let mut transcript = Transcript::default();
        let ready = Target::Get { port: 8000, path: "/ready".to_owned() };
        for millis in [100, 125, 160] {
            transcript.note(at(millis), &ready, &Answer::Refused);
        }
        transcript.note(at(250), &ready, &Answer::Connected);
        insta::assert_snapshot!(transcript.lines().join("\n"), @r"
        +0.10s GET :8000/ready -> connection refused (3 times until +0.16s)
        +0.25s GET :8000/ready -> connected
        ");
    }

    #[test]
    fn beginning_and_end_are_kept() {
        let mut transcript = Transcript::default();
        for n in 0..1000 {
            transcript.add(at(n), format!("answer {n}"));
        }
        let lines = transcript.lines();
        assert_eq!(lines.len(), FIRST + 1 + LAST);
        assert_eq!(lines[FIRST], "... 900 more ...");
        assert!(lines[0].ends_with("answer 0") && lines[FIRST + LAST].ends_with("answer 999"));
    }
}
