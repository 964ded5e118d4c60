//! What somebody with a docker client does behind the platform's back.

use bollard::models::{ContainerCreateBody, HostConfig, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, InspectContainerOptions,
    KillContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
    StartContainerOptions,
};
use events::{InstanceId, ReleaseId};
use futures_util::TryStreamExt;
use std::collections::HashMap;

/// Enough of a Debian machine for `sleep`.
const FILES: [&str; 3] =
    ["/usr/bin/sleep", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];

pub(crate) struct Docker {
    engine: bollard::Docker,
    /// Only of this world, so that worlds can be side by side.
    pub(crate) platform: String,
    image: String,
}

impl Docker {
    pub(crate) async fn connect(host: &str, platform: &str) -> Self {
        let engine = bollard::Docker::connect_with_host(host).expect("an address");
        let engine = engine.negotiate_version().await.expect("an engine");
        let image = import(&engine, "one").await;
        Self { engine, platform: platform.to_owned(), image }
    }

    /// The engine's identity of the image everything runs; it was never in a registry.
    pub(crate) fn digest(&self) -> &str {
        &self.image
    }

    pub(crate) fn name(&self, short: &str) -> String {
        format!("monitor-{}-{short}", self.platform)
    }

    /// Runs a container as the deployer would.
    pub(crate) async fn run(
        &self,
        short: &str,
        instance: InstanceId,
        release: ReleaseId,
    ) -> String {
        let image = self.image.clone();
        self.run_image(short, &image, instance, release).await
    }

    /// The same with another image.
    pub(crate) async fn run_other(
        &self,
        short: &str,
        instance: InstanceId,
        release: ReleaseId,
    ) -> String {
        let image = import(&self.engine, "two").await;
        self.run_image(short, &image, instance, release).await
    }

    async fn run_image(
        &self,
        short: &str,
        image: &str,
        instance: InstanceId,
        release: ReleaseId,
    ) -> String {
        let own =
            [("instance", self.platform.as_str()), ("app", "shop"), ("environment", "production")];
        let (uid, release) = (instance.to_string(), release.to_string());
        let own = own.into_iter().chain([("service", "api"), ("uid", &uid), ("release", &release)]);
        let labels = own.map(|(key, value)| (format!("slipway.{key}"), value.to_owned())).collect();
        let policy =
            RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(["/usr/bin/sleep", "3600"].map(str::to_owned).to_vec()),
            env: Some(vec!["TOKEN=hunter2".to_owned()]),
            labels: Some(labels),
            host_config: Some(HostConfig { restart_policy: Some(policy), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::new().name(&self.name(short)).build();
        let created = self.engine.create_container(Some(options), body).await.expect("created");
        self.start(&created.id).await;
        created.id
    }

    pub(crate) async fn start(&self, container: &str) {
        let started = self.engine.start_container(container, None::<StartContainerOptions>);
        started.await.expect("started");
    }

    pub(crate) async fn kill(&self, container: &str) {
        let killed = self.engine.kill_container(container, None::<KillContainerOptions>);
        killed.await.expect("killed");
    }

    pub(crate) async fn remove(&self, container: &str) {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        self.engine.remove_container(container, Some(options)).await.expect("removed");
    }

    pub(crate) async fn exists(&self, container: &str) -> bool {
        self.engine.inspect_container(container, None::<InspectContainerOptions>).await.is_ok()
    }

    /// Removes every container of this world.
    pub(crate) async fn clean(&self) {
        let label = format!("slipway.instance={}", self.platform);
        let filters = HashMap::from([("label".to_owned(), vec![label])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let all = self.engine.list_containers(Some(options)).await.expect("listed");
        for container in all.into_iter().filter_map(|container| container.id) {
            self.remove(&container).await;
        }
    }
}

/// An image of a few files of this machine; `variant` makes it a different one.
async fn import(docker: &bollard::Docker, variant: &str) -> String {
    let mut archive = tar::Builder::new(Vec::new());
    archive.mode(tar::HeaderMode::Deterministic);
    for file in FILES {
        archive.append_path_with_name(file, &file[1..]).expect("Debian has it");
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_mode(0o644);
    archive.append_data(&mut header, variant, std::io::empty()).expect("written");
    let body = bollard::body_full(archive.into_inner().expect("written").into());
    let options =
        CreateImageOptionsBuilder::new().from_src("-").repo("monitor-test").tag(variant).build();
    let imported = docker.create_image(Some(options), Some(body), None);
    imported.try_collect::<Vec<_>>().await.expect("imported");
    let image = docker.inspect_image(&format!("monitor-test:{variant}")).await.expect("there");
    image.id.expect("an id")
}
