//! A probe, with what the source said of its timing.

use crate::tree::{Tree, Word};

/// What is asked.
#[derive(Debug)]
pub(crate) enum Ask {
    Get { path: Word, port: Option<Word> },
    Tcp(Word),
    Exec(Vec<Word>),
}

/// One question asked again and again.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) ask: Ask,
    pub(crate) initial_delay: Option<Word>,
    pub(crate) period: Option<Word>,
    pub(crate) timeout: Option<Word>,
    pub(crate) successes: Option<Word>,
    pub(crate) failures: Option<Word>,
}

impl Probe {
    pub(crate) fn new(ask: Ask) -> Self {
        let (initial_delay, period, timeout) = (None, None, None);
        Self { ask, initial_delay, period, timeout, successes: None, failures: None }
    }

    pub(crate) fn tree(self) -> Tree {
        let (get, port, tcp, exec) = match self.ask {
            Ask::Get { path, port } => (Some(path), port, None, None),
            Ask::Tcp(port) => (None, None, Some(port), None),
            Ask::Exec(command) => (None, None, None, Some(command)),
        };
        Tree::map([
            ("get", get.map(Tree::Text)),
            ("tcp", tcp.map(Tree::Text)),
            ("exec", exec.and_then(Tree::words)),
            ("port", port.map(Tree::Text)),
            ("initial_delay", self.initial_delay.map(Tree::Text)),
            ("period", self.period.map(Tree::Text)),
            ("timeout", self.timeout.map(Tree::Text)),
            ("successes", self.successes.map(Tree::Text)),
            ("failures", self.failures.map(Tree::Text)),
        ])
    }
}
