//! An instance as the engine is told of it. Pure.
//!
//! Everything is set here and nothing passed through: no privileges, no mounts of the host, no devices, no
//! published ports, limits on processes and logs.

use super::label;
use crate::spec::{InstanceSpec, RestartPolicy, VolumeMount};
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Mount,
    MountType, NetworkingConfig, RestartPolicy as DockerRestart, RestartPolicyNameEnum,
};
use std::collections::{BTreeSet, HashMap};

/// What the start scripts of ordinary images do as root: give a volume to their own user, become it, and
/// pass signals on to it. Someone who is not root has no use of them and is given none.
const ROOT_CAPABILITIES: [&str; 6] =
    ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"];

/// What a container may leave in logs on disk: three files of ten megabytes.
const LOG_OPTIONS: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "3")];

pub(crate) fn container(spec: &InstanceSpec) -> ContainerCreateBody {
    let variable = |(name, value): (&String, &String)| format!("{name}={value}");
    let secrets = spec.secret_env.iter().map(|(name, s)| format!("{name}={}", s.value.as_str()));
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        cmd: spec.command.clone(),
        entrypoint: spec.entrypoint.clone(),
        env: Some(spec.env.iter().map(variable).chain(secrets).collect()),
        user: spec.user.clone(),
        labels: Some(label::write(&spec.labels())),
        // Slipway asks from outside; the image's own check would only cost processes.
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        stop_timeout: i64::try_from(spec.stop_grace.as_secs()).ok(),
        host_config: Some(host_config(spec)),
        networking_config: Some(networking(spec)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(spec: &InstanceSpec) -> HostConfig {
    let memory = spec.memory.and_then(|bytes| i64::try_from(bytes).ok());
    let strings = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    HostConfig {
        network_mode: Some(spec.network.clone()),
        restart_policy: Some(restart(spec.restart_policy)),
        cap_drop: Some(strings(&["ALL"])),
        cap_add: runs_as_root(spec.user.as_deref()).then(|| strings(&ROOT_CAPABILITIES)),
        security_opt: Some(strings(&["no-new-privileges:true"])),
        privileged: Some(false),
        readonly_rootfs: Some(spec.read_only),
        tmpfs: spec.read_only.then(|| HashMap::from([("/tmp".to_owned(), String::new())])),
        mounts: Some(mounts(spec)),
        nano_cpus: spec.nano_cpus,
        memory,
        // As much with swap as without: no swap.
        memory_swap: memory,
        pids_limit: Some(i64::from(spec.pids)),
        init: Some(spec.init),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(LOG_OPTIONS.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
        }),
        ..HostConfig::default()
    }
}

pub(super) fn restart(policy: RestartPolicy) -> DockerRestart {
    let name = match policy {
        RestartPolicy::No => RestartPolicyNameEnum::NO,
        RestartPolicy::Always => RestartPolicyNameEnum::ALWAYS,
    };
    DockerRestart { name: Some(name), maximum_retry_count: None }
}

fn runs_as_root(user: Option<&str>) -> bool {
    let name = user.map(|user| user.split(':').next().unwrap_or_default());
    matches!(name, None | Some("root" | "0"))
}

fn mounts(spec: &InstanceSpec) -> Vec<Mount> {
    let named = |volume: &VolumeMount| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.docker_name.clone()),
        target: Some(volume.path.clone()),
        read_only: Some(volume.read_only),
        ..Mount::default()
    };
    // Into a read-only file system files can be put only where a volume is; one without a name goes away
    // with its container.
    let unnamed = |directory: &str| Mount {
        typ: Some(MountType::VOLUME),
        target: Some(directory.to_owned()),
        ..Mount::default()
    };
    let directories: BTreeSet<&str> = if spec.read_only {
        spec.secret_files.keys().filter_map(|path| parent(path)).collect()
    } else {
        BTreeSet::new()
    };
    spec.volumes.iter().map(named).chain(directories.into_iter().map(unnamed)).collect()
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(directory, _)| directory).filter(|dir| !dir.is_empty())
}

fn networking(spec: &InstanceSpec) -> NetworkingConfig {
    let endpoint =
        EndpointSettings { aliases: Some(spec.aliases.clone()), ..EndpointSettings::default() };
    NetworkingConfig { endpoints_config: Some(HashMap::from([(spec.network.clone(), endpoint)])) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::a_spec;

    #[test]
    fn an_instance_has_no_privileges_and_limits() {
        let host = host_config(&a_spec());
        assert_eq!(host.privileged, Some(false));
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges:true".to_owned()]));
        assert_eq!((host.binds, host.port_bindings, host.devices), (None, None, None));
        assert_eq!((host.memory, host.memory_swap), (Some(64 << 20), Some(64 << 20)));
        assert_eq!(host.pids_limit, Some(512));
    }

    #[test]
    fn only_root_keeps_what_start_scripts_need() {
        let capabilities = |user: Option<&str>| {
            host_config(&InstanceSpec { user: user.map(str::to_owned), ..a_spec() }).cap_add
        };
        assert_eq!(capabilities(Some("1000:1000")), None);
        assert_eq!(capabilities(Some("app")), None);
        for root in [None, Some("root"), Some("0:0")] {
            assert_eq!(capabilities(root).map(|list| list.len()), Some(6), "{root:?}");
        }
    }

    #[test]
    fn a_read_only_instance_has_a_place_for_its_secrets_and_for_tmp() {
        let mut spec = InstanceSpec { read_only: true, volumes: Vec::new(), ..a_spec() };
        spec.secret_files.insert("/run/secrets/KEY".to_owned(), spec.secret_env["TOKEN"].clone());
        let host = host_config(&spec);
        assert!(host.tmpfs.is_some_and(|tmpfs| tmpfs.contains_key("/tmp")));
        let mounts = host.mounts.unwrap_or_default();
        assert_eq!(mounts.len(), 1);
        assert_eq!((&mounts[0].source, mounts[0].target.as_deref()), (&None, Some("/run/secrets")));
    }
}
