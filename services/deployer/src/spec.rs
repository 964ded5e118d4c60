//! What one instance is: image, command, environment, limits, network. Pure, built from the manifest.
//!
//! Two instances with equal [`InstanceSpec::hash`] run the same thing the same way; the hash has the
//! versions of secrets, never their values, and nothing of who the instance is.

use crate::docker::label::{self, Labels};
use events::{
    AppName, EnvironmentName, InstanceId, JobName, ReleaseId, SecretName, ServiceName, VolumeName,
};
use manifest::{ResolvedService, SecretPlace};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;
use zeroize::Zeroizing;

/// Docker allows more, but what copies names (DNS, metrics) often does not.
const LONGEST_NAME: usize = 63;

/// Where instances run: one app in one environment of one Slipway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which Slipway of the machine owns it (`SLIPWAY_INSTANCE`).
    pub platform: String,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
}

impl Place {
    /// The name of the private network.
    pub fn network(&self) -> String {
        self.name(&[])
    }

    /// The Docker name of a volume; services that name the same volume share it.
    pub fn volume(&self, volume: &VolumeName) -> String {
        self.name(&[volume.as_str()])
    }

    /// What networks and volumes of this place are marked with.
    pub fn labels(&self) -> Labels {
        [
            (label::PLATFORM, self.platform.as_str()),
            (label::APP, self.app.as_str()),
            (label::ENVIRONMENT, self.environment.as_str()),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }

    /// Parts are joined with a dot, which no name has: `shop-eu` + `web` is never `shop` + `eu-web`.
    fn name(&self, parts: &[&str]) -> String {
        let place = [self.platform.as_str(), self.app.as_str(), self.environment.as_str()];
        bounded(std::iter::once("slipway").chain(place).chain(parts.iter().copied()))
    }
}

fn bounded<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let full = parts.collect::<Vec<_>>().join(".");
    if full.len() <= LONGEST_NAME {
        return full;
    }
    let mark = hex::encode(&Sha256::digest(&full)[..4]);
    let kept: String = full.chars().take(LONGEST_NAME - mark.len() - 1).collect();
    format!("{kept}.{mark}")
}

/// Which instance of a release it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The instance.
    pub uid: InstanceId,
    /// The release it belongs to.
    pub release: ReleaseId,
    /// The number of that release.
    pub number: i64,
    /// Which of the replicas.
    pub replica: u32,
}

/// A secret as one release was given it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue {
    /// Which of its values; part of the spec's hash.
    pub version: i64,
    /// The value; in no log and no hash.
    pub value: Zeroizing<String>,
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "version {}", self.version)
    }
}

/// A volume and where it is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeMount {
    /// The volume's name in Docker.
    pub docker_name: String,
    /// Where it is in the container.
    pub path: String,
    /// Whether the instance only reads it.
    pub read_only: bool,
}

/// What Docker does when the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Nothing: for candidates, whose crash must be seen as it was, and for what retires.
    No,
    /// Starts it again, also after the machine restarted.
    Always,
}

/// One container, before it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSpec {
    /// The instance.
    pub uid: InstanceId,
    /// The release it belongs to.
    pub release: ReleaseId,
    /// The number of that release.
    pub number: i64,
    /// Which of the replicas.
    pub replica: u32,
    /// Where it runs.
    pub place: Place,
    /// The service it is of.
    pub service: ServiceName,
    /// The job it runs, where it does not serve.
    pub job: Option<JobName>,
    /// `repository@sha256:...`.
    pub image: String,
    /// Arguments, if not the image's own.
    pub command: Option<Vec<String>>,
    /// What is executed, if not the image's own.
    pub entrypoint: Option<Vec<String>>,
    /// Plain variables.
    pub env: BTreeMap<String, String>,
    /// Secrets as variables.
    pub secret_env: BTreeMap<String, SecretValue>,
    /// Secrets as files, by their path.
    pub secret_files: BTreeMap<String, SecretValue>,
    /// Volumes.
    pub volumes: Vec<VolumeMount>,
    /// The private network.
    pub network: String,
    /// Names it answers to in that network.
    pub aliases: Vec<String>,
    /// Processors, in billionths.
    pub nano_cpus: Option<i64>,
    /// Bytes of memory, without swap.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub pids: u32,
    /// Whom it runs as, if not the image's own user.
    pub user: Option<String>,
    /// Whether its file system is read-only; `/tmp` is writable still.
    pub read_only: bool,
    /// Whether an init process reaps and passes signals on.
    pub init: bool,
    /// From SIGTERM to SIGKILL.
    pub stop_grace: Duration,
    /// The port it serves, if any.
    pub port: Option<u16>,
    /// What Docker does when the process ends.
    pub restart_policy: RestartPolicy,
}

/// A secret that the service asks for has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "service {service} needs secret {secret}, which has no value; set it with `slipway secret set`"
)]
pub struct MissingSecret {
    /// Who needs it.
    pub service: ServiceName,
    /// What is missing.
    pub secret: SecretName,
}

impl InstanceSpec {
    /// The instance that `resolved` describes. It does not restart by itself until it was ready once.
    pub fn new(
        place: &Place,
        service: &ServiceName,
        member: Member,
        image: String,
        resolved: &ResolvedService,
        secrets: &BTreeMap<SecretName, SecretValue>,
    ) -> Result<Self, MissingSecret> {
        let (secret_env, secret_files) = secret_places(service, resolved, secrets)?;
        let texts = |texts: &Vec<manifest::Text>| texts.iter().map(ToString::to_string).collect();
        let port = resolved.http.as_ref().map(|http| http.port.get());
        let mut env: BTreeMap<String, String> = resolved
            .env
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        if let Some(port) = port {
            env.entry("PORT".to_owned()).or_insert_with(|| port.to_string());
        }
        Ok(Self {
            uid: member.uid,
            release: member.release,
            number: member.number,
            replica: member.replica,
            service: service.clone(),
            job: None,
            image,
            command: resolved.command.as_ref().map(texts),
            entrypoint: resolved.entrypoint.as_ref().map(texts),
            env,
            secret_env,
            secret_files,
            volumes: volumes(place, resolved),
            network: place.network(),
            aliases: vec![service.to_string()],
            nano_cpus: resolved.resources.cpus.map(manifest::Cpus::nanos),
            memory: resolved.resources.memory.map(manifest::Bytes::get),
            pids: resolved.resources.pids,
            user: resolved.user.as_ref().map(ToString::to_string),
            read_only: resolved.read_only,
            init: resolved.init,
            stop_grace: resolved.stop.grace.duration(),
            port,
            restart_policy: RestartPolicy::No,
            place: place.clone(),
        })
    }

    /// The same image and configuration, for a job: it executes `command`, and nobody finds it in the network.
    #[must_use]
    pub fn into_job(
        mut self,
        job: JobName,
        command: Vec<String>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        // What it does can be marked with the release that it was done for.
        self.env.insert("SLIPWAY_RELEASE".to_owned(), self.number.to_string());
        self.env.insert("SLIPWAY_JOB".to_owned(), job.to_string());
        self.job = Some(job);
        self.entrypoint = Some(command);
        self.command = None;
        self.env.extend(env);
        self.aliases = Vec::new();
        self.port = None;
        self
    }

    /// The name of the container: the same whenever the same instance is asked for.
    pub fn container_name(&self) -> String {
        if let Some(job) = &self.job {
            // The last part of the id is random; the first is the time.
            let uid = self.uid.uuid().simple().to_string();
            return self.place.name(&[job.as_str(), "job", &uid[20..]]);
        }
        let (number, replica) = (self.number.to_string(), self.replica.to_string());
        self.place.name(&[self.service.as_str(), &number, &replica])
    }

    /// What the container is marked with.
    pub fn labels(&self) -> Labels {
        let mut labels = self.place.labels();
        let own = [
            (label::SERVICE, self.service.to_string()),
            (label::RELEASE, self.release.to_string()),
            (label::REPLICA, self.replica.to_string()),
            (label::UID, self.uid.to_string()),
            (label::SPEC, self.hash()),
        ];
        labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
        labels.extend(self.job.iter().map(|job| (label::JOB.to_owned(), job.to_string())));
        labels
    }

    /// What runs and how, as 64 hexadecimal digits: equal for all replicas, and for releases that change
    /// nothing of this service.
    pub fn hash(&self) -> String {
        let versions = |secrets: &BTreeMap<String, SecretValue>| {
            let version = |(name, secret): (&String, &SecretValue)| (name.clone(), secret.version);
            secrets.iter().map(version).collect::<BTreeMap<_, _>>()
        };
        let canonical = serde_json::json!({
            "image": self.image,
            "command": self.command,
            "entrypoint": self.entrypoint,
            "env": self.env,
            "secret_env": versions(&self.secret_env),
            "secret_files": versions(&self.secret_files),
            "volumes": self.volumes,
            "network": self.network,
            "aliases": self.aliases,
            "nano_cpus": self.nano_cpus,
            "memory": self.memory,
            "pids": self.pids,
            "user": self.user,
            "read_only": self.read_only,
            "init": self.init,
            "stop_grace_ms": u64::try_from(self.stop_grace.as_millis()).unwrap_or(u64::MAX),
            "port": self.port,
        });
        hex::encode(Sha256::digest(canonical.to_string()))
    }

    /// The values that must not be seen in any log.
    pub fn secret_values(&self) -> impl Iterator<Item = &str> {
        self.secret_env.values().chain(self.secret_files.values()).map(|s| s.value.as_str())
    }
}

type Secrets = BTreeMap<String, SecretValue>;

fn secret_places(
    service: &ServiceName,
    resolved: &ResolvedService,
    secrets: &BTreeMap<SecretName, SecretValue>,
) -> Result<(Secrets, Secrets), MissingSecret> {
    let (mut env, mut files) = (Secrets::new(), Secrets::new());
    for wanted in &resolved.secrets {
        let missing = || MissingSecret { service: service.clone(), secret: wanted.name.clone() };
        let value = secrets.get(&wanted.name).ok_or_else(missing)?.clone();
        match &wanted.place {
            SecretPlace::Env => env.insert(wanted.name.to_string(), value),
            SecretPlace::File(path) => files.insert(path.to_string(), value),
        };
    }
    Ok((env, files))
}

fn volumes(place: &Place, resolved: &ResolvedService) -> Vec<VolumeMount> {
    let mount = |volume: &manifest::Volume| VolumeMount {
        docker_name: place.volume(&volume.name),
        path: volume.path.to_string(),
        read_only: volume.read_only,
    };
    resolved.volumes.iter().map(mount).collect()
}

#[cfg(test)]
pub(crate) mod tests;
