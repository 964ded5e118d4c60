//! What is compared of a container, reduced to what people set and brought into one form. Values of
//! environment variables are kept as fingerprints only.

use bollard::models::{ContainerInspectResponse, HostConfig, MountPoint, PortMap};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Turns a value that could be secret into something that can only be compared.
pub type Fingerprint<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// One container as it was when it was first seen. What is not set is absent, whether the engine says
/// null, empty or zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// The engine's id of its image.
    pub image: String,
    /// When the container was made.
    pub created: Option<String>,
    /// Name and fingerprint of each environment variable.
    pub env: BTreeMap<String, String>,
    /// The command.
    pub command: Vec<String>,
    /// The entry point.
    pub entrypoint: Vec<String>,
    /// Whom it runs as.
    pub user: Option<String>,
    /// Where it starts.
    pub working_dir: Option<String>,
    /// The signal it is stopped with.
    pub stop_signal: Option<String>,
    /// By target.
    pub mounts: BTreeMap<String, Mount>,
    /// By port and protocol: the addresses on the host.
    pub ports: BTreeMap<String, BTreeSet<String>>,
    /// Names of networks.
    pub networks: BTreeSet<String>,
    /// What it may use and what happens when it ends.
    pub limits: Limits,
    /// What it may do.
    pub security: Security,
    /// Our labels.
    pub labels: BTreeMap<String, String>,
}

/// One mount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mount {
    /// volume, bind or tmpfs.
    pub kind: String,
    /// Name of the volume, or path on the host; absent for a volume without a name.
    pub source: Option<String>,
    /// It can be written.
    pub writable: bool,
}

/// What `docker update` can change on a running container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// `no`, `always`, `unless-stopped` or `on-failure`.
    pub restart: String,
    /// Bytes.
    pub memory: Option<i64>,
    /// Bytes, memory included.
    pub memory_swap: Option<i64>,
    /// Billionths of a CPU.
    pub nano_cpus: Option<i64>,
    /// Microseconds in each period.
    pub cpu_quota: Option<i64>,
    /// Processes.
    pub pids: Option<i64>,
}

/// What the container may do to the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// Everything.
    pub privileged: bool,
    /// Its root file system cannot be written.
    pub read_only: bool,
    /// Capabilities more than the default, without `CAP_`.
    pub cap_add: BTreeSet<String>,
    /// Capabilities fewer than the default, without `CAP_`.
    pub cap_drop: BTreeSet<String>,
    /// Options such as `no-new-privileges`.
    pub options: BTreeSet<String>,
    /// User namespace mode.
    pub userns: Option<String>,
    /// Devices of the host.
    pub devices: BTreeSet<String>,
}

impl Baseline {
    /// What is compared of `found`.
    pub fn of(found: &ContainerInspectResponse, fingerprint: Fingerprint<'_>) -> Self {
        let config = found.config.clone().unwrap_or_default();
        let host = found.host_config.clone().unwrap_or_default();
        let networks = found.network_settings.as_ref().and_then(|net| net.networks.clone());
        let split = |line: String| match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), fingerprint(value)),
            None => (line, String::new()),
        };
        let ours = |(name, _): &(String, String)| name.starts_with("slipway.");
        Self {
            image: found.image.clone().unwrap_or_default(),
            created: found.created.as_ref().map(ToString::to_string),
            env: config.env.into_iter().flatten().map(split).collect(),
            command: config.cmd.unwrap_or_default(),
            entrypoint: config.entrypoint.unwrap_or_default(),
            user: set(config.user),
            working_dir: set(config.working_dir),
            stop_signal: set(config.stop_signal),
            mounts: found.mounts.iter().flatten().filter_map(mount).collect(),
            ports: ports(host.port_bindings.clone().unwrap_or_default()),
            networks: networks.unwrap_or_default().into_keys().collect(),
            limits: limits(&host),
            security: security(host),
            labels: config.labels.unwrap_or_default().into_iter().filter(ours).collect(),
        }
    }
}

fn set(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn above_zero(number: Option<i64>) -> Option<i64> {
    number.filter(|&number| number > 0)
}

fn mount(found: &MountPoint) -> Option<(String, Mount)> {
    let kind = found.typ.as_ref().map(ToString::to_string).unwrap_or_default();
    let source = set(found.name.clone()).or_else(|| set(found.source.clone()));
    // The engine makes up 64 hexadecimal digits for a volume without a name.
    let made_up = |name: &String| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let source = source.filter(|name| !made_up(name));
    Some((found.destination.clone()?, Mount { kind, source, writable: found.rw == Some(true) }))
}

fn ports(bindings: PortMap) -> BTreeMap<String, BTreeSet<String>> {
    let address = |binding: bollard::models::PortBinding| {
        let ip = set(binding.host_ip).unwrap_or_else(|| "0.0.0.0".to_owned());
        // Port 0 and no port mean any port.
        let port =
            set(binding.host_port).filter(|port| port != "0").unwrap_or_else(|| "*".to_owned());
        format!("{ip}:{port}")
    };
    let one = |(port, bindings): (String, Option<Vec<_>>)| {
        let port = if port.contains('/') { port } else { format!("{port}/tcp") };
        (port, bindings.into_iter().flatten().map(address).collect())
    };
    bindings.into_iter().map(one).collect()
}

fn limits(host: &HostConfig) -> Limits {
    let restart = host.restart_policy.as_ref().and_then(|policy| policy.name);
    let restart = restart.map(|name| name.to_string()).unwrap_or_default();
    Limits {
        restart: set(Some(restart)).unwrap_or_else(|| "no".to_owned()),
        memory: above_zero(host.memory),
        memory_swap: above_zero(host.memory_swap),
        nano_cpus: above_zero(host.nano_cpus),
        cpu_quota: above_zero(host.cpu_quota),
        pids: above_zero(host.pids_limit),
    }
}

fn security(host: HostConfig) -> Security {
    let names = |names: Option<Vec<String>>| {
        let short = |name: String| name.trim_start_matches("CAP_").to_owned();
        names.unwrap_or_default().into_iter().map(|name| short(name.to_uppercase())).collect()
    };
    let device = |device: bollard::models::DeviceMapping| device.path_on_host;
    Security {
        privileged: host.privileged == Some(true),
        read_only: host.readonly_rootfs == Some(true),
        cap_add: names(host.cap_add),
        cap_drop: names(host.cap_drop),
        options: host.security_opt.unwrap_or_default().into_iter().collect(),
        userns: set(host.userns_mode),
        devices: host.devices.unwrap_or_default().into_iter().filter_map(device).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(json: &str) -> Baseline {
        let found = serde_json::from_str(json).expect("an answer of the engine");
        Baseline::of(&found, &|value| format!("#{}", value.len()))
    }

    #[test]
    fn null_empty_and_zero_all_mean_not_set() {
        let unset = baseline(r#"{"Image":"i"}"#);
        let empty = r#"{"Image":"i","Config":{"Env":[],"User":"","Labels":{}},
            "HostConfig":{"Memory":0,"CapAdd":null,"Privileged":false,"RestartPolicy":{"Name":""}}}"#;
        assert_eq!(baseline(empty), unset);
        assert_eq!(unset.limits.restart, "no");
    }

    #[test]
    fn values_of_variables_are_not_kept() {
        let kept = baseline(r#"{"Config":{"Env":["TOKEN=hunter2","EMPTY=","BARE"]}}"#);
        let text = serde_json::to_string(&kept).expect("JSON");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(kept.env.keys().collect::<Vec<_>>(), ["BARE", "EMPTY", "TOKEN"]);
    }

    #[test]
    fn one_thing_has_one_form() {
        let kept = baseline(
            r#"{"HostConfig":{"PortBindings":{"80":[{"HostIp":"","HostPort":"0"}]},"CapDrop":["cap_net_raw","ALL"]},
                "Mounts":[{"Type":"volume","Name":"data","Source":"/var/lib/docker/volumes/data/_data","Destination":"/d","RW":true}]}"#,
        );
        assert_eq!(kept.ports["80/tcp"], BTreeSet::from(["0.0.0.0:*".to_owned()]));
        assert_eq!(
            kept.security.cap_drop,
            BTreeSet::from(["ALL".to_owned(), "NET_RAW".to_owned()])
        );
        assert_eq!(kept.mounts["/d"].source.as_deref(), Some("data"));
    }

    #[test]
    fn an_older_baseline_is_still_readable() {
        let old: Baseline =
            serde_json::from_str(r#"{"image":"i"}"#).expect("absent fields are not set");
        assert_eq!(old.image, "i");
    }
}
