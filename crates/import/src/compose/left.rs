//! What Compose has and Slipway has not, or does otherwise.

use crate::ledger::{Known, NOTHING};

const CONTAINERS: &str = "the platform names containers";
const NETWORK: &str =
    "the services of an environment share one network and find each other by name";
const RIGHTS: &str = "containers get no rights of the host";
pub(super) const HARDENED: &str = "do without it, or leave this service where it is";

/// Keys of a service.
pub(super) const SERVICE: &[Known] = &[
    ("container_name", CONTAINERS, NOTHING),
    ("hostname", CONTAINERS, "use the name of the service"),
    ("networks", NETWORK, NOTHING),
    ("links", NETWORK, "use the names of the services"),
    ("external_links", NETWORK, "write the address into `env`"),
    ("network_mode", NETWORK, HARDENED),
    ("extra_hosts", NETWORK, "write the address into `env`"),
    ("dns", "names are resolved as on the host", NOTHING),
    ("labels", "labels belong to the platform", "a proxy that reads them is replaced by `host`"),
    ("logging", "logs are kept by the platform", "read them with `slipway logs`"),
    ("privileged", RIGHTS, HARDENED),
    ("cap_add", RIGHTS, HARDENED),
    ("cap_drop", "all capabilities are dropped", NOTHING),
    ("security_opt", "containers get no new privileges", NOTHING),
    ("devices", RIGHTS, HARDENED),
    ("gpus", RIGHTS, HARDENED),
    ("runtime", RIGHTS, HARDENED),
    ("pid", RIGHTS, HARDENED),
    ("ipc", RIGHTS, HARDENED),
    ("sysctls", RIGHTS, HARDENED),
    ("ulimits", "only processes are limited", "write `resources: { pids: ... }`"),
    ("tmpfs", "only /tmp is in memory", "write there"),
    ("shm_size", "shared memory has the engine's size", "use a volume of class cache"),
    ("mem_reservation", "there are limits alone", NOTHING),
    ("memswap_limit", "there is no swap beyond the memory", NOTHING),
    ("stop_signal", "instances are stopped with SIGTERM", "let the image name another signal"),
    ("working_dir", "the image names its directory", "write WORKDIR in the Dockerfile"),
    ("tty", "there is no terminal", NOTHING),
    ("stdin_open", "there is no terminal", NOTHING),
    ("platform", "images run as the host does", "build for the platform of the host"),
    ("pull_policy", "an image is known by its digest and pulled once", NOTHING),
    ("configs", "there are no configs", "COPY them in the Dockerfile, or use a secret as a file"),
    ("develop", "this is for development", NOTHING),
    ("env_file", "other files are not read", "write its variables under `env`, or set secrets"),
];

/// Keys of what is waited for.
pub(super) const DEPENDS: &[Known] = &[
    ("restart", "what depends on a service is not replaced with it", NOTHING),
    ("required", "what is waited for must be there", NOTHING),
];

/// Keys of `deploy`.
pub(super) const DEPLOY: &[Known] = &[
    ("mode", "the number of instances is written", "write `replicas`"),
    ("endpoint_mode", NETWORK, NOTHING),
    ("labels", "labels belong to the platform", NOTHING),
    ("placement", "there is one host", NOTHING),
    ("restart_policy", "the platform always starts instances again", NOTHING),
    ("update_config", "how a release takes over stands in `strategy`", "write `strategy`"),
    ("rollback_config", "a bad release goes back by itself", "write `bake`"),
];

/// Keys of `build`.
pub(super) const BUILD: &[Known] = &[
    ("cache_from", "the engine keeps its cache", NOTHING),
    ("cache_to", "the engine keeps its cache", NOTHING),
    ("no_cache", "unchanged layers are not built again", NOTHING),
    ("pull", "base images are pulled when they are missing", NOTHING),
    ("labels", "labels belong to the platform", "write LABEL in the Dockerfile"),
    ("tags", "images are named by the platform", NOTHING),
    ("platforms", "images run as the host does", NOTHING),
    ("network", "builds have the engine's network", NOTHING),
    ("shm_size", "shared memory has the engine's size", NOTHING),
    ("ssh", "builds have no agent", "use a build secret"),
    ("additional_contexts", "a build has one context", "put both below one directory"),
    ("dockerfile_inline", "a Dockerfile is a file", "write it into one"),
];
