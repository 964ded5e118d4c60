//! Every field of a container that is compared, in one form, whoever tells of it: the engine, or the body
//! that the engine was told to make it from. What is not set is absent, whether it is null, empty or zero.
//!
//! Values of variables are fingerprints here.

use bollard::models::{
    ContainerConfig, ContainerCreateBody, ContainerInspectResponse, EndpointSettings, HostConfig,
    Mount, MountPoint, PortBinding, PortMap,
};
use manifest::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Turns a value that could be secret into something that can only be compared.
pub type Fingerprint<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// Fields by name, as `env.TOKEN`, `limits.memory`, `networks.shop`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<String, String>);

/// What a mount without a name has for a source: the engine makes one up.
const UNNAMED: &str = "(unnamed)";
/// What a set is that was set to nothing.
const NONE: &str = "none";

impl Fields {
    /// The fields of a container.
    pub fn of(found: &ContainerInspectResponse, fingerprint: Fingerprint<'_>) -> Self {
        let mut fields = Self::default();
        let config = found.config.clone().unwrap_or_default();
        fields.variables(config.env.iter().flatten(), |value| fingerprint(value));
        fields.process(&config);
        fields.labels(config.labels);
        let host = found.host_config.clone().unwrap_or_default();
        fields.mounts(found.mounts.iter().flatten().filter_map(mount_point));
        let id = found.id.as_deref().unwrap_or_default();
        let own = [id.get(..12).unwrap_or(id), found.name.as_deref().unwrap_or_default()];
        let attached = found.network_settings.as_ref().and_then(|net| net.networks.clone());
        fields.networks(attached.unwrap_or_default(), &own);
        fields.host(&host);
        fields
    }

    /// The fields that a body sets.
    pub fn of_body(body: ContainerCreateBody) -> Self {
        let mut fields = Self::default();
        let host = body.host_config.unwrap_or_default();
        fields.variables(body.env.iter().flatten(), str::to_owned);
        fields.process(&ContainerConfig {
            cmd: body.cmd,
            entrypoint: body.entrypoint,
            user: body.user,
            working_dir: body.working_dir,
            stop_signal: body.stop_signal,
            ..ContainerConfig::default()
        });
        fields.labels(body.labels);
        fields.mounts(host.mounts.iter().flatten().filter_map(mount));
        let attached = body.networking_config.and_then(|config| config.endpoints_config);
        fields.networks(attached.unwrap_or_default(), &[]);
        fields.host(&host);
        fields
    }

    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    fn set(&mut self, field: &str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.insert(field.to_owned(), value);
        }
    }

    fn variables<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a String>,
        shown: impl Fn(&str) -> String,
    ) {
        for line in lines {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            self.set(&format!("env.{name}"), Some(format!("hash:{}", shown(value))));
        }
    }

    fn process(&mut self, config: &ContainerConfig) {
        let words = |words: &Option<Vec<String>>| {
            let words = words.as_ref().filter(|words| !words.is_empty())?;
            serde_json::to_string(words).ok()
        };
        self.set("command", words(&config.cmd));
        self.set("entrypoint", words(&config.entrypoint));
        self.set("user", config.user.clone());
        self.set("working_dir", config.working_dir.clone());
        self.set("stop_signal", config.stop_signal.clone());
    }

    fn labels(&mut self, labels: Option<HashMap<String, String>>) {
        for (name, value) in labels.unwrap_or_default() {
            if name.starts_with("slipway.") {
                self.set(&format!("labels.{name}"), Some(value));
            }
        }
    }

    fn mounts(&mut self, mounts: impl Iterator<Item = (String, String)>) {
        for (target, mount) in mounts {
            self.set(&format!("mounts.{target}"), Some(mount));
        }
    }

    fn networks(&mut self, attached: HashMap<String, EndpointSettings>, own: &[&str]) {
        for (network, endpoint) in attached {
            let of_its_own = |alias: &String| {
                own.iter().any(|own| own.trim_start_matches('/') == alias.as_str())
            };
            let aliases = endpoint.aliases.unwrap_or_default();
            let aliases: BTreeSet<String> =
                aliases.into_iter().filter(|alias| !of_its_own(alias)).collect();
            let aliases = aliases.into_iter().collect::<Vec<_>>().join(" ");
            self.set(
                &format!("networks.{network}"),
                Some(format!("as {aliases}").trim().to_owned()),
            );
        }
    }

    fn host(&mut self, host: &HostConfig) {
        self.ports(host.port_bindings.clone().unwrap_or_default());
        for (target, _) in host.tmpfs.iter().flatten() {
            self.set(&format!("mounts.{target}"), Some("tmpfs".to_owned()));
        }
        self.limits(host);
        self.security(host);
    }

    fn ports(&mut self, bindings: PortMap) {
        for (port, bindings) in bindings {
            let port = if port.contains('/') { port } else { format!("{port}/tcp") };
            let bindings: BTreeSet<String> = bindings.into_iter().flatten().map(address).collect();
            let bindings = bindings.into_iter().collect::<Vec<_>>().join(" ");
            self.set(&format!("ports.{port}"), Some(bindings));
        }
    }

    fn limits(&mut self, host: &HostConfig) {
        let above_zero = |number: Option<i64>| number.filter(|&number| number > 0);
        let bytes = |number: Option<i64>| {
            let bytes = u64::try_from(above_zero(number)?).ok()?;
            Some(Bytes::new(bytes).to_string())
        };
        let number = |number: Option<i64>| above_zero(number).map(|number| number.to_string());
        self.set("limits.memory", bytes(host.memory));
        self.set("limits.memory_swap", bytes(host.memory_swap));
        self.set("limits.nano_cpus", number(host.nano_cpus));
        self.set("limits.cpu_quota", number(host.cpu_quota));
        self.set("limits.cpu_shares", number(host.cpu_shares));
        self.set("limits.cpuset", host.cpuset_cpus.clone());
        self.set("limits.pids", number(host.pids_limit));
        let policy = host.restart_policy.as_ref().and_then(|policy| policy.name);
        let policy = policy.map(|name| name.to_string()).filter(|name| !name.is_empty());
        self.set("restart_policy", Some(policy.unwrap_or_else(|| "no".to_owned())));
    }

    fn security(&mut self, host: &HostConfig) {
        let yes = |flag: Option<bool>| Some((flag == Some(true)).to_string());
        self.set("security.privileged", yes(host.privileged));
        self.set("security.read_only", yes(host.readonly_rootfs));
        self.set("security.cap_add", Some(set(host.cap_add.as_deref(), capability)));
        self.set("security.cap_drop", Some(set(host.cap_drop.as_deref(), capability)));
        self.set("security.options", Some(set(host.security_opt.as_deref(), str::to_owned)));
        let devices = host.devices.iter().flatten().filter_map(|it| it.path_on_host.clone());
        let devices: Vec<String> = devices.collect();
        self.set("security.devices", Some(set(Some(&devices), str::to_owned)));
        let host_only = |mode: &Option<String>| mode.clone().filter(|mode| mode == "host");
        self.set("security.pid_mode", host_only(&host.pid_mode));
        self.set("security.ipc_mode", host_only(&host.ipc_mode));
        self.set("security.userns", host.userns_mode.clone());
    }
}

fn set(items: Option<&[String]>, form: impl Fn(&str) -> String) -> String {
    let items: BTreeSet<String> = items.unwrap_or_default().iter().map(|item| form(item)).collect();
    let items = items.into_iter().collect::<Vec<_>>().join(" ");
    if items.is_empty() { NONE.to_owned() } else { items }
}

fn capability(name: &str) -> String {
    name.to_uppercase().trim_start_matches("CAP_").to_owned()
}

/// Port 0 and no port mean any port; no address means every one.
fn address(binding: PortBinding) -> String {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let ip = given(binding.host_ip).unwrap_or_else(|| "0.0.0.0".to_owned());
    let port = given(binding.host_port).filter(|port| port != "0");
    format!("{ip}:{}", port.unwrap_or_else(|| "*".to_owned()))
}

fn mount_point(found: &MountPoint) -> Option<(String, String)> {
    let kind = found.typ.as_ref().map(ToString::to_string).unwrap_or_default();
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    // The engine makes up 64 hexadecimal digits for a volume without a name.
    let made_up = |name: &String| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let name =
        given(&found.name).map(|name| if made_up(&name) { UNNAMED.to_owned() } else { name });
    let source = name.or_else(|| given(&found.source)).unwrap_or_else(|| UNNAMED.to_owned());
    Some((found.destination.clone()?, shown(&kind, &source, found.rw != Some(false))))
}

fn mount(told: &Mount) -> Option<(String, String)> {
    let kind = told.typ.as_ref().map(ToString::to_string).unwrap_or_default();
    let source = told.source.clone().unwrap_or_else(|| UNNAMED.to_owned());
    Some((told.target.clone()?, shown(&kind, &source, told.read_only != Some(true))))
}

fn shown(kind: &str, source: &str, writable: bool) -> String {
    let access = if writable { "read-write" } else { "read-only" };
    format!("{kind} {source} {access}")
}

/// Whether the release alone says what this field is: what it does not have, nobody may add.
pub fn is_sole(field: &str, value: &str) -> bool {
    let group = field.split('.').next().unwrap_or_default();
    match group {
        "ports" | "networks" | "security" => true,
        // An image may have volumes of its own, which have no names.
        "mounts" => !value.contains(UNNAMED),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
