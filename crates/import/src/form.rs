//! What the three kinds of source have in common: the app as the manifest sees it, before it is written.

mod probe;
mod service;
mod tree;

pub(crate) use probe::{Ask, Probe};
pub(crate) use service::{Build, Http, Secret, Service, Volume};

use crate::ledger::Ledger;
use crate::name::environment_of;
use crate::place::Place;
use crate::tree::Word;

/// An app.
#[derive(Debug, Default)]
pub(crate) struct App {
    pub(crate) name: Option<Word>,
    pub(crate) services: Vec<Service>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) environment: Environment,
}

/// A command that runs once in a container of a service.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) name: Word,
    pub(crate) service: Word,
    pub(crate) command: Vec<Word>,
    pub(crate) at: Word,
    pub(crate) schedule: Option<Word>,
    pub(crate) timezone: Option<Word>,
    pub(crate) env: Vec<(Word, Word)>,
}

/// The one environment that a source describes.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) branch: Option<Word>,
    pub(crate) hosts: Vec<Word>,
    pub(crate) paths: Vec<(Word, Word)>,
    pub(crate) timeout: Option<Word>,
    pub(crate) body: Option<Word>,
    pub(crate) keep: Option<Word>,
}

impl App {
    /// Another name, which takes the place of the source's.
    pub(crate) fn rename(&mut self, name: &str) {
        let from = self.name.take().map_or_else(Vec::new, |word| word.from);
        self.name = Some(Word { text: name.to_owned(), from });
    }

    /// The environment's name: what its branch is usually released to.
    pub(crate) fn environment_name(&self) -> &'static str {
        self.environment.branch.as_ref().map_or("production", |word| environment_of(&word.text))
    }

    /// The branch that is tracked when the source names none.
    pub(crate) fn track_main(&mut self, root: &Place<'_>, ledger: &mut Ledger) {
        if self.environment.branch.is_none() {
            self.environment.branch = Some(Word::new("main"));
            let why = "the file names no branch: pushes to main are released to production";
            ledger.added(root, why, "write the branch you release from under `track`");
        }
    }

    /// Lets one service answer `/` where it is not clear which.
    pub(crate) fn choose_front(&mut self, ledger: &mut Ledger) {
        let root = |service: &Service| {
            let prefix = service.http.as_ref().and_then(|http| http.path_prefix.as_ref());
            prefix.is_some_and(|prefix| prefix.text == "/")
        };
        if !self.environment.paths.is_empty() || self.services.iter().any(root) {
            return;
        }
        let serving = |service: &&mut Service| {
            service.http.as_ref().is_some_and(|http| http.path_prefix.is_none())
        };
        let mut serving: Vec<_> = self.services.iter_mut().filter(serving).collect();
        let built = serving.iter().filter(|service| service.build.is_some()).count();
        let count = serving.len();
        let best = serving.iter().position(|s| s.published && s.build.is_some());
        let best = best.or_else(|| serving.iter().position(|s| s.published)).unwrap_or(0);
        let Some(front) = serving.get_mut(best) else { return };
        let is_clear = count == 1 || (built == 1 && front.build.is_some());
        if let (false, Some(http)) = (is_clear, &mut front.http) {
            http.path_prefix = Some(Word::new("/"));
            let why = format!("{} answers `/`, as the first of {count}", front.name.text);
            let help = "give each service that users reach a `path_prefix`";
            if let Some(home) = &front.home {
                ledger.added_at(home, why, help);
            }
        }
    }
}
