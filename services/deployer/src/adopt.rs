//! Makes the content of a release of what runs: what somebody changed by hand and wants to keep. Pure.
//!
//! Values never show in what is told: they may be secret.

use crate::docker::Running;
use crate::spec::InstanceSpec;
use events::Digest;
use events::payload::ImageV1;
use manifest::{Bytes, Cpus, ResolvedService, Text, User, VariableName};

/// A service as the release has it, and what of it is taken over.
#[derive(Debug)]
pub(crate) struct Adoption {
    pub(crate) service: ResolvedService,
    pub(crate) image: ImageV1,
    /// What is taken over.
    pub(crate) adopted: Vec<String>,
    /// What differs and cannot be.
    pub(crate) left: Vec<String>,
}

impl Adoption {
    /// The release's service with what `running` has instead.
    pub(crate) fn of(
        service: &ResolvedService,
        image: &ImageV1,
        spec: &InstanceSpec,
        running: &Running,
    ) -> Self {
        let (adopted, left) = (Vec::new(), Vec::new());
        let mut adoption = Self { service: service.clone(), image: image.clone(), adopted, left };
        adoption.take_image(spec, running);
        adoption.take_variables(spec, running);
        adoption.take_process(spec, running);
        adoption.take_limits(spec, running);
        adoption
    }

    fn take_image(&mut self, spec: &InstanceSpec, running: &Running) {
        let released = spec.image.rsplit_once('@').map_or("", |(_, digest)| digest);
        if running.images.iter().any(|image| image.ends_with(released)) {
            return;
        }
        let known = running.images.iter().find_map(|image| {
            let (repository, digest) = image.split_once('@')?;
            let digest = Digest::parse(digest).ok()?;
            Some(ImageV1 { repository: repository.to_owned(), digest })
        });
        match known {
            Some(image) => {
                self.adopted.push(format!("image: {}@{}", image.repository, image.digest));
                self.image = image;
            }
            None => self.left.push(
                "image: no registry has it; push it, run it by the name it has there, and adopt again"
                    .to_owned(),
            ),
        }
    }

    fn take_variables(&mut self, spec: &InstanceSpec, running: &Running) {
        for (name, value) in &running.env {
            if let Some(secret) = spec.secret_env.get(name) {
                if secret.value.as_str() != value {
                    self.left.push(format!("env.{name}: a secret; `slipway secret set {name}`"));
                }
                continue;
            }
            if spec.env.get(name) != Some(value) {
                self.take_variable(name, value);
            }
        }
        for name in spec.env.keys().filter(|name| !running.env.contains_key(*name)) {
            // What the image gives with the same value was taken out before.
            if self.service.env.iter().any(|(known, _)| known.as_str() == name) {
                self.service.env.retain(|known, _| known.as_str() != name);
                self.adopted.push(format!("env.{name}: without it"));
            }
        }
    }

    fn take_variable(&mut self, name: &str, value: &str) {
        match (VariableName::parse(name), Text::parse(value)) {
            (Ok(variable), Ok(text)) => {
                self.service.env.insert(variable, text);
                self.adopted.push(format!("env.{name}"));
            }
            (Err(_), _) => self.left.push(format!("env.{name}: not a name for a variable")),
            (_, Err(_)) => self.left.push(format!("env.{name}: its value cannot be in a manifest")),
        }
    }

    fn take_process(&mut self, spec: &InstanceSpec, running: &Running) {
        let (now, from_image) = &running.command;
        if now != spec.command.as_ref().unwrap_or(from_image) {
            self.service.command = texts(now);
            self.adopted.push(format!("command: {now:?}"));
        }
        let (now, from_image) = &running.entrypoint;
        if now != spec.entrypoint.as_ref().unwrap_or(from_image) {
            self.service.entrypoint = texts(now);
            self.adopted.push(format!("entrypoint: {now:?}"));
        }
        let (now, from_image) = &running.user;
        if *now != spec.user.clone().or_else(|| from_image.clone()) {
            match now.as_deref().map(User::parse) {
                Some(Ok(user)) => {
                    self.adopted.push(format!("user: {user}"));
                    self.service.user = Some(user);
                }
                _ => self.left.push("user: cannot be in a manifest".to_owned()),
            }
        }
    }

    fn take_limits(&mut self, spec: &InstanceSpec, running: &Running) {
        let resources = &mut self.service.resources;
        if running.memory != spec.memory {
            resources.memory = running.memory.map(Bytes::new);
            self.adopted.push(format!("limits.memory: {} bytes", shown(running.memory)));
        }
        if running.nano_cpus != spec.nano_cpus {
            let thousandths = running.nano_cpus.map(|nanos| format!("{:.3}", seconds(nanos)));
            resources.cpus = thousandths.and_then(|text| Cpus::parse(&text).ok());
            self.adopted.push(format!("limits.cpus: {}", shown(resources.cpus)));
        }
        if let Some(pids) = running.pids.filter(|&pids| pids != spec.pids) {
            resources.pids = pids;
            self.adopted.push(format!("limits.pids: {pids}"));
        }
    }
}

fn texts(words: &[String]) -> Option<Vec<Text>> {
    words.iter().map(|word| Text::parse(word).ok()).collect()
}

/// Billionths as a number of processors.
#[expect(clippy::cast_precision_loss, reason = "rounded to thousandths anyway")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

fn shown(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "no limit".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests;
