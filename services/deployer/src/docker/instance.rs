//! Instances: created or adopted, started, looked at, retired, removed.

use super::label::{self, Claim, Labels};
use super::{Engine, EngineError, InstanceFacts, Labelled, config, error::or_gone, secret_file};
use crate::spec::{InstanceSpec, RestartPolicy};
use bollard::models::ContainerUpdateBody;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
};
use events::InstanceId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// A name can be held for a moment by a container that is being removed.
const CREATE_ATTEMPTS: u32 = 5;
const CREATE_PAUSE: Duration = Duration::from_millis(200);

/// A container that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Docker's id of it.
    pub container_id: String,
    /// It was there already, made by an earlier attempt.
    pub adopted: bool,
}

impl Engine {
    /// Makes the container of `spec`, or finds that an earlier attempt made it. What has its name, is ours
    /// and is not the same is removed first; what is not ours is [`EngineError::NameTaken`].
    pub async fn create_or_adopt(&self, spec: &InstanceSpec) -> Result<Created, EngineError> {
        let (name, wanted) = (spec.container_name(), spec.labels());
        for _ in 0..CREATE_ATTEMPTS {
            if let Some(container_id) = self.create(&name, spec).await? {
                self.put_secrets(&container_id, spec).await?;
                return Ok(Created { container_id, adopted: false });
            }
            // The name is taken: by whom?
            let Some(found) = self.find(&name).await? else {
                tokio::time::sleep(CREATE_PAUSE).await;
                continue;
            };
            match label::claim(&found.labels, &wanted) {
                Claim::Foreign => return Err(EngineError::NameTaken { kind: "container", name }),
                Claim::Replace => self.remove(&found.container_id).await?,
                Claim::Adopt => {
                    if found.started_at.is_none() {
                        self.put_secrets(&found.container_id, spec).await?;
                    }
                    return Ok(Created { container_id: found.container_id, adopted: true });
                }
            }
        }
        Err(EngineError::NameHeld(name))
    }

    async fn create(&self, name: &str, spec: &InstanceSpec) -> Result<Option<String>, EngineError> {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let created = self.docker.create_container(Some(options), config::container(spec));
        match self.ask("create container", name, created).await {
            Ok(created) => Ok(Some(created.id)),
            Err(error) if error.status() == Some(409) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put_secrets(&self, container: &str, spec: &InstanceSpec) -> Result<(), EngineError> {
        if spec.secret_files.is_empty() {
            return Ok(());
        }
        let user = self.inspect(container).await?.user;
        let archives = secret_file::archives(spec, user.as_deref()).map_err(|source| {
            EngineError::SecretFiles { container: container.to_owned(), source }
        })?;
        for (directory, archive) in archives {
            let options = UploadToContainerOptionsBuilder::new().path(&directory).build();
            let body = bollard::body_full(archive);
            let put = self.docker.upload_to_container(container, Some(options), body);
            self.call("put secrets into container", container, put).await?;
        }
        Ok(())
    }

    /// Starts the container; one that runs is well.
    pub async fn start(&self, container: &str) -> Result<(), EngineError> {
        let started = self.docker.start_container(container, None::<StartContainerOptions>);
        self.call("start container", container, started).await
    }

    /// Where the container is reached from this machine. Asked again after every start: it may change.
    pub async fn address(&self, container: &str) -> Result<IpAddr, EngineError> {
        let facts = self.inspect(container).await?;
        facts.address.ok_or_else(|| EngineError::NoAddress(facts.name))
    }

    /// Lets the engine start the container again whenever it ends: for an instance that was ready.
    pub async fn activate(&self, container: &str) -> Result<(), EngineError> {
        self.set_restart(container, RestartPolicy::Always).await
    }

    /// Forbids the engine to start the container again: once it has stopped. One that is gone is well.
    pub async fn retire(&self, container: &str) -> Result<(), EngineError> {
        or_gone(self.set_restart(container, RestartPolicy::No).await)
    }

    /// Looks first: to change a container that runs costs the engine as much as to start a process.
    async fn set_restart(&self, container: &str, policy: RestartPolicy) -> Result<(), EngineError> {
        let wanted = config::restart(policy);
        let found = self.docker.inspect_container(container, None::<InspectContainerOptions>);
        let found = self.ask("inspect container", container, found).await?;
        let policy = found.host_config.and_then(|host| host.restart_policy);
        if policy.is_some_and(|policy| policy.name == wanted.name) {
            return Ok(());
        }
        let update =
            ContainerUpdateBody { restart_policy: Some(wanted), ..ContainerUpdateBody::default() };
        let updated = self.docker.update_container(container, update);
        self.call("update container", container, updated).await
    }

    /// Removes the container, killing what runs in it, with its volumes that have no name. One that is
    /// gone is well.
    pub async fn remove(&self, container: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let removed = self.docker.remove_container(container, Some(options));
        match self.call("remove container", container, removed).await {
            // "removal is already in progress"
            Err(error) if error.status() == Some(409) => Ok(()),
            removed => or_gone(removed),
        }
    }

    /// The container as it is now.
    pub async fn inspect(&self, container: &str) -> Result<InstanceFacts, EngineError> {
        let inspected = self.docker.inspect_container(container, None::<InspectContainerOptions>);
        Ok(InstanceFacts::of(self.ask("inspect container", container, inspected).await?))
    }

    /// The container as it is now, if it is there.
    pub async fn find(&self, container: &str) -> Result<Option<InstanceFacts>, EngineError> {
        match self.inspect(container).await {
            Ok(facts) => Ok(Some(facts)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The container called `name`, if it is that of `instance` and not somebody else's.
    pub async fn find_own(
        &self,
        name: &str,
        instance: InstanceId,
    ) -> Result<Option<String>, EngineError> {
        let found = self.find(name).await?;
        let uid = instance.to_string();
        let own = found.filter(|facts| facts.labels.get(label::UID) == Some(&uid));
        Ok(own.map(|facts| facts.container_id))
    }

    /// Every container, running or not, that has all these labels.
    pub async fn list(&self, labels: &Labels) -> Result<Vec<Labelled>, EngineError> {
        let wanted: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let filters = HashMap::from([("label".to_owned(), wanted)]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let listed = self.docker.list_containers(Some(options));
        let found = self.ask("list", "containers", listed).await?;
        Ok(found.into_iter().map(Labelled::of).collect())
    }
}
