//! What Kamal has and Slipway has not, or does otherwise.

use crate::ledger::{Known, NOTHING};

const HOSTS: &str = "an environment has one set of hosts";
const HOST_HELP: &str =
    "add it to the `host` of the environment, with a `path_prefix` here; or make an app";
const TLS: &str = "the router has no TLS yet";
const BUILDER: &str = "the platform builds on its own host";

/// Keys at the top.
pub(super) const TOP: &[Known] = &[
    ("image", "images that are built are named by the platform", NOTHING),
    ("registry", "images are kept in the registry of the platform", NOTHING),
    ("ssh", "nothing is done over SSH", NOTHING),
    ("sshkit", "nothing is done over SSH", NOTHING),
    ("boot", "instances start beside the old ones", NOTHING),
    ("labels", "labels belong to the platform", NOTHING),
    ("logging", "logs are kept by the platform", "read them with `slipway logs`"),
    ("asset_path", "files of old and new images are not put together", "serve both from a CDN"),
    ("hooks_path", "nothing is run beside a release", "write `jobs` for what belongs to one"),
    ("secrets_path", "secrets are kept by the platform", "set them with `slipway secret set`"),
    ("aliases", "there are no aliases", NOTHING),
    ("minimum_version", "Kamal is not asked", NOTHING),
    ("allow_empty_roles", "every service runs", NOTHING),
    ("run_directory", "the platform has directories of its own", NOTHING),
    ("traefik", "the router takes its place", NOTHING),
    ("error_pages_path", "the router has no pages of its own", "let the service answer with them"),
];

/// Keys of the probe that the first Kamal had at the top.
pub(super) const FIRST_HEALTH: &[Known] = &[
    ("cmd", "the path is asked", "write `health.ready: { exec: [...] }` if the command says more"),
    ("cord", "the router is told which instances answer", NOTHING),
    ("exposed_port", "no port of the host is needed", NOTHING),
    ("log_lines", "the last lines are always kept", NOTHING),
    ("max_attempts", "a candidate is asked until its gate ends", "write `health.gate`"),
];

/// Keys of a role.
pub(super) const ROLE: &[Known] = &[
    ("labels", "labels belong to the platform", NOTHING),
    ("logging", "logs are kept by the platform", "read them with `slipway logs`"),
    ("asset_path", "files of old and new images are not put together", "serve both from a CDN"),
];

/// Keys of an accessory.
pub(super) const ACCESSORY: &[Known] = &[
    ("host", "everything runs on the host of the platform", NOTHING),
    ("hosts", "everything runs on the host of the platform", NOTHING),
    ("role", "everything runs on the host of the platform", NOTHING),
    ("roles", "everything runs on the host of the platform", NOTHING),
    ("tag", "everything runs on the host of the platform", NOTHING),
    ("tags", "everything runs on the host of the platform", NOTHING),
    ("labels", "labels belong to the platform", NOTHING),
    ("service", "the platform names containers", "use the name of the service"),
    ("network", "the services of an environment share one network", NOTHING),
    ("registry", "the host logs in at registries", "let the Docker host log in"),
    ("files", "files of the host are not mounted", "build an image with them, or use a secret"),
    ("proxy", "an environment has one set of hosts", "give it a `path_prefix`, or an app"),
];

/// Keys of `proxy`.
pub(super) const PROXY: &[Known] = &[
    ("ssl", TLS, "end TLS before the router"),
    ("ssl_redirect", TLS, "redirect before the router"),
    ("forward_headers", "X-Forwarded headers are set by the router", NOTHING),
    ("logging", "the router measures and does not log requests", NOTHING),
    ("run", "the router is started by the platform", NOTHING),
];

/// Keys of the `proxy` of a role.
pub(super) const ROLE_PROXY: &[Known] = &[
    ("host", HOSTS, HOST_HELP),
    ("hosts", HOSTS, HOST_HELP),
    ("response_timeout", "an environment has one such limit", "write it under `limits`"),
    ("buffering", "bodies are passed on as they come", "write `limits: { body: ... }`"),
];

/// Keys of `builder`.
pub(super) const BUILD: &[Known] = &[
    ("arch", "images run as the host does", "build on a host like the one that runs them"),
    ("multiarch", "images run as the host does", NOTHING),
    ("remote", BUILDER, NOTHING),
    ("local", BUILDER, NOTHING),
    ("driver", BUILDER, NOTHING),
    ("cache", "the engine keeps its cache", NOTHING),
    ("ssh", "builds have no agent", "use a build secret"),
    ("provenance", "images have no attestations", NOTHING),
    ("sbom", "images have no attestations", NOTHING),
    ("pack", "there are no buildpacks here", "write a Dockerfile"),
];
