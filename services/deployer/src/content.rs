//! What a release is: digests, resolved configuration, secret versions. Two releases with equal content
//! are the same thing; two services with equal content share their instances. Pure.

use events::payload::ImageV1;
use events::{BuildId, ChangeId, CommitSha, GitRef, PrincipalName, SecretName, ServiceName};
use manifest::Resolved;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What a release is. Never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The configuration, with every default filled in.
    pub(crate) resolved: Resolved,
    /// The image of each service.
    pub(crate) images: BTreeMap<ServiceName, ImageV1>,
    /// The version of each secret that a service asks for.
    pub(crate) secrets: BTreeMap<SecretName, i64>,
}

/// Where a release comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// `push`, `tag`, `poll`, `manual`, `retrain`, `rollback`, `adopt`, `promotion`.
    pub(crate) cause: String,
    /// Who or what asked.
    pub(crate) by: PrincipalName,
    /// Who made what is released, where somebody else asked for this release of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<PrincipalName>,
    /// The commit it was built from.
    pub(crate) commit: Option<CommitSha>,
    /// Branch or tag.
    pub(crate) git_ref: Option<GitRef>,
    /// The build.
    pub(crate) build: Option<BuildId>,
    /// The change.
    pub(crate) change: Option<ChangeId>,
    /// Why, as who asked said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// sha256 of the files that jobs make and commit, as the commit has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

impl Origin {
    /// Who made what is released.
    pub(crate) fn author(&self) -> &PrincipalName {
        self.author.as_ref().unwrap_or(&self.by)
    }
}

/// Keys of a service that can change without a new container: they are about watching it, or how many.
const NOT_IN_THE_CONTAINER: [&str; 7] =
    ["source", "replicas", "health", "cache", "warmup", "depends_on", "replace"];

impl Content {
    /// sha256 of everything, in hexadecimal; how a source is written does not count, its digest does.
    pub(crate) fn hash(&self) -> String {
        let mut resolved = to_json(&self.resolved);
        if let Some(services) = resolved.get_mut("services").and_then(|s| s.as_object_mut()) {
            for service in services.values_mut() {
                remove_keys(service, &["source"]);
            }
        }
        let digests: BTreeMap<_, _> =
            self.images.iter().map(|(service, image)| (service, &image.digest)).collect();
        sha256(&to_json(&(resolved, digests, &self.secrets)))
    }

    /// sha256 of what makes the containers of `service`; nothing for a service that is not there.
    pub(crate) fn service_hash(&self, service: &ServiceName) -> Option<String> {
        let resolved = self.resolved.services.get(service)?;
        let image = self.images.get(service)?;
        let mut container = to_json(resolved);
        remove_keys(&mut container, &NOT_IN_THE_CONTAINER);
        let secrets: BTreeMap<_, _> = resolved
            .secrets
            .iter()
            .map(|secret| (&secret.name, self.secrets.get(&secret.name).copied()))
            .collect();
        Some(sha256(&to_json(&(container, image, secrets))))
    }

    /// Service and hash of everything that runs for this content.
    pub(crate) fn service_hashes(&self) -> BTreeMap<ServiceName, String> {
        let hash = |service: &ServiceName| Some((service.clone(), self.service_hash(service)?));
        self.resolved.services.keys().filter_map(hash).collect()
    }

    /// The services that `stable` does not run in the same way.
    pub(crate) fn changed_from(&self, stable: Option<&Content>) -> BTreeSet<ServiceName> {
        let before = stable.map(Content::service_hashes).unwrap_or_default();
        self.service_hashes()
            .into_iter()
            .filter(|(service, hash)| before.get(service) != Some(hash))
            .map(|(service, _)| service)
            .collect()
    }

    /// The names of all secrets that services ask for.
    pub(crate) fn secret_names(resolved: &Resolved) -> BTreeSet<SecretName> {
        let services = resolved.services.values();
        services.flat_map(|service| service.secrets.iter().map(|s| s.name.clone())).collect()
    }
}

fn to_json<T: Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).expect("names, numbers and texts are always JSON")
}

fn remove_keys(value: &mut serde_json::Value, keys: &[&str]) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

fn sha256(value: &serde_json::Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}
