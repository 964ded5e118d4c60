//! What must hold between the values of a manifest. Every broken rule is reported, each with what to do.

mod commit;
mod environments;
mod insiders;
mod jobs;
mod readings;
mod services;
mod synthetic;

use crate::manifest::Manifest;
use crate::problem::Problem;
use crate::read::Reading;
use crate::survey::locate;
use crate::value::{Span, Text};
use crate::yaml::Node;
use events::ServiceName;

/// Checks all rules; what could not be read is not reported again for what its stand-in breaks.
pub(crate) fn check(manifest: &Manifest, root: &Node, reading: &mut Reading) {
    let mut rules = Rules { manifest, broken: Vec::new() };
    if manifest.version != 1 {
        rules.broken("version", format!("there is no version {}", manifest.version), "write 1");
    }
    services::check(&mut rules);
    jobs::check(&mut rules);
    environments::check(&mut rules);
    for Broken { path, message, help } in rules.broken {
        if !reading.replaced.iter().any(|other| within(other, &path) || within(&path, other)) {
            reading.problems.push(Problem::at(locate(root, &path), &path, message, Some(help)));
        }
    }
}

/// Whether `inner` is `outer` or a place inside it.
fn within(outer: &str, inner: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

struct Broken {
    path: String,
    message: String,
    help: String,
}

struct Rules<'a> {
    manifest: &'a Manifest,
    broken: Vec<Broken>,
}

impl Rules<'_> {
    fn broken(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.broken.push(Broken { path: path.into(), message: message.into(), help: help.into() });
    }

    /// The number at `path` must be between `low` and `high`.
    fn between(&mut self, path: &str, number: u32, low: u32, high: u32) {
        if !(low..=high).contains(&number) {
            let help = format!("use a number from {low} to {high}");
            self.broken(path, format!("{number} is out of range"), help);
        }
    }

    /// The duration at `path` must be between `low` and `high`.
    fn lasts(&mut self, path: &str, span: Span, low: Span, high: Span) {
        if !(low..=high).contains(&span) {
            let help = format!("use a duration from {low} to {high}");
            self.broken(path, format!("{span} is out of range"), help);
        }
    }

    /// The command at `path` must name a program.
    fn command(&mut self, path: &str, command: &[Text]) {
        if command.first().is_none_or(|program| program.as_str().is_empty()) {
            self.broken(path, "the command is empty", "write a list that begins with a program");
        }
    }

    /// `service`, named at `path`, must exist.
    fn service(&mut self, path: &str, service: &ServiceName) -> bool {
        let known: Vec<&str> = self.manifest.services.keys().map(ServiceName::as_str).collect();
        let exists = known.contains(&service.as_str());
        if !exists {
            let help = crate::nearest::suggestion(service.as_str(), &known);
            self.broken(path, format!("there is no service {service}"), help);
        }
        exists
    }

    /// `service`, named at `path`, must exist and have `http`.
    fn serving(&mut self, path: &str, service: &ServiceName) {
        let has_http = self.manifest.services.get(service).is_some_and(|s| s.http.is_some());
        if self.service(path, service) && !has_http {
            let help = format!("give services.{service} `http: {{ port: ... }}`");
            self.broken(path, format!("{service} serves no http"), help);
        }
    }
}

const fn minutes(minutes: u64) -> Span {
    Span::seconds(minutes * 60)
}

const HOUR: Span = minutes(60);
const DAY: Span = minutes(24 * 60);
