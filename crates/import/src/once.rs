//! What runs once: read like a service, written as a job in the image of one.

use crate::form::{Job, Service};
use crate::ledger::Ledger;
use crate::place::Place;
use crate::tree::Word;

/// When a job runs.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) at: Word,
    pub(crate) schedule: Option<Word>,
    pub(crate) timezone: Option<Word>,
}

impl When {
    pub(crate) fn at(at: Word) -> Self {
        Self { at, schedule: None, timezone: None }
    }
}

/// `once` as a job in the image of one of `services`: that with the same image, else the first.
pub(crate) fn job(
    mut once: Service,
    when: When,
    services: &mut [Service],
    place: &Place<'_>,
    ledger: &mut Ledger,
) -> Option<Job> {
    if once.command.is_empty() {
        once.command = std::mem::take(&mut once.entrypoint);
    }
    if once.command.is_empty() {
        let why = "a job needs a command, and here it is only in the image";
        ledger.left(place, why, "write it under `jobs` with its `command`");
        return None;
    }
    let same = services.iter().position(|service| service.same_image(&once));
    let Some(host) = services.get_mut(same.unwrap_or(0)) else {
        let why = "a job runs in the image of a service, and there is none";
        ledger.left(place, why, "add a service first");
        return None;
    };
    let mut service = Word::new(host.name.text.clone());
    if same.is_some() {
        service.from.extend(image_marks(&once));
    } else {
        let why = format!("a job runs in the image of a service; here in that of {}", service.text);
        ledger.added(place, why, "check that this image has what the job needs");
    }
    let name = once.name.clone();
    let command = std::mem::take(&mut once.command);
    let env = own_env(&mut once, host);
    secrets(&mut once, host, place, ledger);
    once.name = Word::new("");
    if same.is_some() {
        (once.build, once.image) = (None, None);
    }
    once.tree().visit("", &mut |word, _| {
        for mark in &word.from {
            let why = "a job has the image, volumes, limits and dependencies of its service";
            ledger.left_at(mark, why, format!("check those of {}", service.text));
        }
    });
    let When { at, schedule, timezone } = when;
    Some(Job { name, service, command, at, schedule, timezone, env })
}

fn image_marks(once: &Service) -> Vec<crate::place::Mark> {
    let mut marks: Vec<_> = once.image.iter().flat_map(|word| word.from.clone()).collect();
    if let Some(build) = once.build.clone() {
        build.tree().visit("", &mut |word, _| marks.extend(word.from.clone()));
    }
    marks
}

/// The variables that the service does not have so; of the others it is told that they stand there.
fn own_env(once: &mut Service, host: &mut Service) -> Vec<(Word, Word)> {
    let mut own = Vec::new();
    for (name, value) in std::mem::take(&mut once.env) {
        let like =
            |other: &&mut (Word, Word)| other.0.text == name.text && other.1.text == value.text;
        match host.env.iter_mut().find(like) {
            Some(other) => {
                other.0.from.extend(name.from);
                other.1.from.extend(value.from);
            }
            None => own.push((name, value)),
        }
    }
    own
}

/// A job has the secrets of its service, so that what only the job needs is given to the service.
fn secrets(once: &mut Service, host: &mut Service, place: &Place<'_>, ledger: &mut Ledger) {
    for secret in std::mem::take(&mut once.secrets) {
        let known = host.secrets.iter_mut().find(|other| other.name.text == secret.name.text);
        if let Some(other) = known {
            other.name.from.extend(secret.name.from);
            continue;
        }
        let why = format!("{} is given its secret {}", host.name.text, secret.name.text);
        ledger.added(place, why, "a job has the secrets of its service");
        if !secret.file {
            host.env.retain(|(name, _)| name.text != secret.name.text);
        }
        host.secrets.push(secret);
    }
}
