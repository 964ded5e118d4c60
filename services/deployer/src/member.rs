//! The instances of a release: rows made before containers, and the specs that containers are made from.

use crate::app::App;
use crate::content::Content;
use crate::db::instance::{self, Instance, NewInstance};
use crate::db::release::{self as db_release, Release};
use crate::db::secret;
use crate::docker::Mask;
use crate::spec::{InstanceSpec, Member, MissingSecret, Place, SecretValue};
use events::{InstanceId, SecretName, ServiceName};
use release::Failure;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Why the instances of a release cannot be described.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MemberError {
    #[error("read or write instances")]
    Rows(#[from] sqlx::Error),
    #[error(transparent)]
    Secret(#[from] MissingSecret),
    #[error("open a secret")]
    Open(#[from] pg::sealed::SealError),
    #[error("service {0} has no image")]
    NoImage(ServiceName),
}

impl MemberError {
    /// What cannot get better by trying again.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Rows(_) => None,
            Self::Secret(missing) => Some(Failure::new("SECRET_MISSING", missing.to_string())),
            Self::Open(error) => Some(Failure::new("SECRET_UNREADABLE", service::chain(error))),
            Self::NoImage(_) => Some(Failure::new("IMAGE_MISSING", self.to_string())),
        }
    }
}

/// An instance and what its container is made from.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) instance: Instance,
    pub(crate) spec: InstanceSpec,
}

/// The place of a release on the engine.
pub(crate) fn place(app: &App, release: &Release) -> Place {
    Place {
        platform: app.platform.to_string(),
        app: release.app.clone(),
        environment: release.environment.clone(),
    }
}

/// The instances of an environment that `content` runs on.
pub(crate) fn of_content(content: &Content, instances: &[Instance]) -> Vec<Instance> {
    let hashes = content.service_hashes();
    let belongs = |instance: &&Instance| {
        let replicas = content.resolved.services.get(&instance.service).map_or(0, |s| s.replicas);
        hashes.get(&instance.service) == Some(&instance.content_hash) && instance.replica < replicas
    };
    instances.iter().filter(belongs).cloned().collect()
}

/// Makes rows for all instances that `release` needs and that are not there, and describes them all.
pub(crate) async fn describe(app: &App, release: &Release) -> Result<Vec<Described>, MemberError> {
    let mut transaction = app.pool.begin().await?;
    db_release::fence(&mut *transaction, release).await?;
    let content = &release.content;
    let secrets = open_secrets(app, &mut transaction, release).await?;
    let mut planned = BTreeMap::new();
    for (service, hash) in content.service_hashes() {
        let replicas = content.resolved.services.get(&service).map_or(0, |s| s.replicas);
        for replica in 0..replicas {
            let id = InstanceId::new(service::new_id());
            let member = Member { uid: id, release: release.id, number: release.number, replica };
            let spec = spec_of(app, release, &service, member, &secrets)?;
            let new = NewInstance {
                id,
                app: &release.app,
                environment: &release.environment,
                service: &service,
                content_hash: &hash,
                replica,
                release: release.id,
                container_name: &spec.container_name(),
            };
            instance::intend(&mut transaction, &new).await?;
        }
        planned.insert(service, hash);
    }
    let rows =
        instance::of_environment(&mut *transaction, (&release.app, &release.environment)).await?;
    transaction.commit().await?;
    of_content(content, &rows)
        .into_iter()
        .map(|instance| {
            let member = Member {
                uid: instance.id,
                release: instance.release,
                number: instance.number,
                replica: instance.replica,
            };
            let spec = spec_of(app, release, &instance.service, member, &secrets)?;
            Ok(Described { instance, spec })
        })
        .collect()
}

/// What the container of `member` is made from.
pub(crate) fn spec_of(
    app: &App,
    release: &Release,
    service: &ServiceName,
    member: Member,
    secrets: &BTreeMap<SecretName, SecretValue>,
) -> Result<InstanceSpec, MemberError> {
    let content = &release.content;
    let missing = || MemberError::NoImage(service.clone());
    let resolved = content.resolved.services.get(service).ok_or_else(missing)?;
    let image = content.images.get(service).ok_or_else(missing)?;
    let image = format!("{}@{}", image.repository, image.digest);
    Ok(InstanceSpec::new(&place(app, release), service, member, image, resolved, secrets)?)
}

/// The secrets that the instances of `release` are given.
pub(crate) async fn secrets(
    app: &App,
    release: &Release,
) -> Result<BTreeMap<SecretName, SecretValue>, MemberError> {
    let mut connection = app.pool.acquire().await?;
    open_secrets(app, &mut connection, release).await
}

/// Hides the secrets of all services of the release; nothing when one of them is not known any more.
pub(crate) async fn mask(app: &App, release: &Release) -> Result<Option<Mask>, MemberError> {
    let known = secrets(app, release).await?;
    let all = release.content.secrets.keys().all(|name| known.contains_key(name));
    Ok(all.then(|| Mask::new(known.values().map(|secret| secret.value.as_str()))))
}

async fn open_secrets(
    app: &App,
    connection: &mut sqlx::PgConnection,
    release: &Release,
) -> Result<BTreeMap<SecretName, SecretValue>, MemberError> {
    let mut opened = BTreeMap::new();
    for (name, version) in &release.content.secrets {
        let sealed =
            secret::sealed(&mut *connection, &release.app, name.as_str(), *version).await?;
        let Some(sealed) = sealed else { continue };
        let context = secret::context(&release.app, name.as_str(), *version);
        let plain = app.key.open(&context, &sealed)?;
        let value = Zeroizing::new(String::from_utf8_lossy(&plain).into_owned());
        opened.insert(name.clone(), SecretValue { version: *version, value });
    }
    Ok(opened)
}
