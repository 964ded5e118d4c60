//! The form as a tree, in the order in which people write a manifest.

use super::{App, Environment, Http, Job, Secret, Service, Volume};
use crate::tree::{Tree, Word};

impl App {
    pub(crate) fn tree(self) -> Tree {
        let environment = (Word::new(self.environment_name()), self.environment.tree());
        let services = self.services.into_iter().map(|it| (it.name.clone(), it.tree())).collect();
        let jobs = self.jobs.into_iter().map(|it| (it.name.clone(), it.tree())).collect();
        Tree::map([
            ("version", Some(Tree::Text(Word::new("1")))),
            ("app", self.name.map(Tree::Text)),
            ("services", Some(Tree::Map(services))),
            ("jobs", Tree::Map(jobs).unless_empty()),
            ("environments", Some(Tree::Map(vec![environment]))),
        ])
    }
}

impl Environment {
    fn tree(self) -> Tree {
        let mut hosts = self.hosts;
        let host = if hosts.len() == 1 { hosts.pop().map(Tree::Text) } else { Tree::words(hosts) };
        let limits = Tree::map([
            ("timeout", self.timeout.map(Tree::Text)),
            ("body", self.body.map(Tree::Text)),
        ]);
        Tree::map([
            ("track", Some(Tree::map([("branch", self.branch.map(Tree::Text))]))),
            ("host", host),
            ("paths", Tree::pairs(self.paths)),
            ("limits", limits.unless_empty()),
            ("keep", self.keep.map(Tree::Text)),
        ])
    }
}

impl Job {
    fn tree(self) -> Tree {
        Tree::map([
            ("service", Some(Tree::Text(self.service))),
            ("command", Tree::words(self.command)),
            ("at", Some(Tree::Text(self.at))),
            ("schedule", self.schedule.map(Tree::Text)),
            ("timezone", self.timezone.map(Tree::Text)),
            ("env", Tree::pairs(self.env)),
        ])
    }
}

impl Service {
    pub(crate) fn tree(self) -> Tree {
        let health = Tree::map([
            ("live", self.live.map(super::Probe::tree)),
            ("ready", self.ready.map(super::Probe::tree)),
            ("start_period", self.start_period.map(Tree::Text)),
            ("gate", self.gate.map(Tree::Text)),
            ("steady", self.steady.map(Tree::Text)),
        ]);
        let resources = Tree::map([
            ("cpus", self.cpus.map(Tree::Text)),
            ("memory", self.memory.map(Tree::Text)),
            ("pids", self.pids.map(Tree::Text)),
        ]);
        let stop = Tree::map([
            ("drain", self.drain.map(Tree::Text)),
            ("grace", self.grace.map(Tree::Text)),
        ]);
        Tree::map([
            ("build", self.build.map(super::Build::tree)),
            ("image", self.image.map(Tree::Text)),
            ("command", Tree::words(self.command)),
            ("entrypoint", Tree::words(self.entrypoint)),
            ("http", self.http.map(Http::tree)),
            ("replicas", self.replicas.map(Tree::Text)),
            ("env", Tree::pairs(self.env)),
            ("secrets", Tree::list(self.secrets.into_iter().map(Secret::tree).collect())),
            ("health", health.unless_empty()),
            ("volumes", Tree::list(self.volumes.into_iter().map(Volume::tree).collect())),
            ("resources", resources.unless_empty()),
            ("stop", stop.unless_empty()),
            ("depends_on", Tree::words(self.depends_on)),
            ("user", self.user.map(Tree::Text)),
            ("read_only", self.read_only.map(Tree::Text)),
            ("init", self.init.map(Tree::Text)),
        ])
    }
}

impl Http {
    fn tree(self) -> Tree {
        Tree::map([
            ("port", Some(Tree::Text(self.port))),
            ("path_prefix", self.path_prefix.map(Tree::Text)),
            ("strip_prefix", self.strip_prefix.map(Tree::Text)),
            ("protocol", self.protocol.map(Tree::Text)),
        ])
    }
}

impl Secret {
    fn tree(self) -> Tree {
        if !self.file {
            return Tree::Text(self.name);
        }
        Tree::map([
            ("name", Some(Tree::Text(self.name))),
            ("as", Some(Tree::Text(Word::new("file")))),
            ("path", self.path.map(Tree::Text)),
        ])
    }
}

impl Volume {
    fn tree(self) -> Tree {
        Tree::map([
            ("name", Some(Tree::Text(self.name))),
            ("path", Some(Tree::Text(self.path))),
            ("class", Some(Tree::Text(Word::new(self.class)))),
            ("read_only", self.read_only.map(Tree::Text)),
        ])
    }
}
