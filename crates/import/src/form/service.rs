//! A service, as far as any of the sources describes one.

use super::Probe;
use crate::ledger::Ledger;
use crate::place::{Mark, Place};
use crate::suspect;
use crate::tree::{Tree, Word};

/// One container image and how its instances run.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: Word,
    /// Where the source describes it.
    pub(crate) home: Option<Mark>,
    /// Whether the source lets users reach it.
    pub(crate) published: bool,
    pub(crate) build: Option<Build>,
    pub(crate) image: Option<Word>,
    pub(crate) command: Vec<Word>,
    pub(crate) entrypoint: Vec<Word>,
    pub(crate) http: Option<Http>,
    pub(crate) replicas: Option<Word>,
    pub(crate) env: Vec<(Word, Word)>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) live: Option<Probe>,
    pub(crate) ready: Option<Probe>,
    pub(crate) start_period: Option<Word>,
    pub(crate) gate: Option<Word>,
    pub(crate) steady: Option<Word>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) cpus: Option<Word>,
    pub(crate) memory: Option<Word>,
    pub(crate) pids: Option<Word>,
    pub(crate) drain: Option<Word>,
    pub(crate) grace: Option<Word>,
    pub(crate) depends_on: Vec<Word>,
    pub(crate) user: Option<Word>,
    pub(crate) read_only: Option<Word>,
    pub(crate) init: Option<Word>,
}

/// How an image is built.
#[derive(Debug, Default, Clone)]
pub(crate) struct Build {
    pub(crate) context: Option<Word>,
    pub(crate) dockerfile: Option<Word>,
    pub(crate) target: Option<Word>,
    pub(crate) args: Vec<(Word, Word)>,
    pub(crate) secrets: Vec<Word>,
}

/// What a service serves.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) port: Word,
    pub(crate) path_prefix: Option<Word>,
    pub(crate) strip_prefix: Option<Word>,
    pub(crate) protocol: Option<Word>,
}

/// A secret, as a variable or as a file.
#[derive(Debug)]
pub(crate) struct Secret {
    pub(crate) name: Word,
    pub(crate) file: bool,
    pub(crate) path: Option<Word>,
}

/// Storage that outlives an instance.
#[derive(Debug)]
pub(crate) struct Volume {
    pub(crate) name: Word,
    pub(crate) path: Word,
    pub(crate) class: &'static str,
    pub(crate) read_only: Option<Word>,
}

impl Http {
    pub(crate) fn on(port: Word) -> Self {
        Self { port, path_prefix: None, strip_prefix: None, protocol: None }
    }
}

impl Service {
    /// A service that `home` describes.
    pub(crate) fn new(name: Word, home: &Place<'_>) -> Self {
        Self {
            name,
            home: Some(home.mark()),
            published: false,
            build: None,
            image: None,
            command: Vec::new(),
            entrypoint: Vec::new(),
            http: None,
            replicas: None,
            env: Vec::new(),
            secrets: Vec::new(),
            live: None,
            ready: None,
            start_period: None,
            gate: None,
            steady: None,
            volumes: Vec::new(),
            cpus: None,
            memory: None,
            pids: None,
            drain: None,
            grace: None,
            depends_on: Vec::new(),
            user: None,
            read_only: None,
            init: None,
        }
    }

    /// Sets a variable; the last one of a name counts, and speaks for those before it.
    pub(crate) fn set(&mut self, name: Word, mut value: Word) {
        value.from.extend(self.unset(&name.text));
        self.env.push((name, value));
    }

    /// Gives it a secret as a variable.
    pub(crate) fn give(&mut self, mut name: Word) {
        name.from.extend(self.unset(&name.text));
        self.secrets.push(Secret { name, file: false, path: None });
    }

    /// Takes away what a variable of this name was set to, and says where that stood.
    fn unset(&mut self, name: &str) -> Vec<Mark> {
        let is_known = self.env.iter().any(|(other, _)| other.text == name)
            || self.secrets.iter().any(|secret| secret.name.text == name);
        if !is_known {
            return Vec::new();
        }
        let (same, env) =
            std::mem::take(&mut self.env).into_iter().partition(|it| it.0.text == name);
        self.env = env;
        let same: Vec<(Word, Word)> = same;
        let mut marks: Vec<_> =
            same.into_iter().flat_map(|(name, value)| [name.from, value.from].concat()).collect();
        self.secrets.retain(|secret| {
            let other = secret.file || secret.name.text != name;
            if !other {
                marks.extend(secret.name.from.iter().cloned());
            }
            other
        });
        marks
    }

    /// Whether its image comes from where that of `other` does.
    pub(crate) fn same_image(&self, other: &Self) -> bool {
        let text = |word: &Option<Word>| word.as_ref().map(|word| word.text.clone());
        let build =
            |build: &Build| [text(&build.context), text(&build.dockerfile), text(&build.target)];
        match (&self.build, &other.build) {
            (Some(one), Some(two)) => build(one) == build(two),
            (None, None) => text(&self.image) == text(&other.image),
            _ => false,
        }
    }
}

impl Build {
    /// Gives it an argument; what looks like a secret becomes one.
    pub(crate) fn argue(&mut self, name: Word, value: Word, ledger: &mut Ledger) {
        if !suspect::is_secret(&name.text, &value.text) {
            return self.args.push((name, value));
        }
        let why = "it looks like a secret, which does not stand in the manifest";
        let help = format!(
            "set {0} with `slipway secret set`, and mount it in the Dockerfile: RUN --mount=type=secret,id={0}",
            name.text
        );
        for mark in &value.from {
            ledger.changed_at(mark, why, &help);
        }
        self.secrets.push(Word { text: name.text, from: [name.from, value.from].concat() });
    }

    pub(crate) fn tree(self) -> Tree {
        let given = Tree::map([
            ("context", self.context.map(Tree::Text)),
            ("dockerfile", self.dockerfile.map(Tree::Text)),
            ("target", self.target.map(Tree::Text)),
            ("args", Tree::pairs(self.args)),
            ("secrets", Tree::words(self.secrets)),
        ]);
        let here = || Tree::map([("context", Some(Tree::Text(Word::new("."))))]);
        given.unless_empty().unwrap_or_else(here)
    }
}
