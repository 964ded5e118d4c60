//! What App Platform has and Slipway has not, or does otherwise.

use crate::ledger::{Known, NOTHING};

/// Parts of a spec that are not carried over, item by item.
pub(super) const PARTS: &[Known] = &[
    (
        "static_sites",
        "there are no static sites here",
        "serve it from an image with a web server, as a service with `http`",
    ),
    ("functions", "there are no functions here", "serve them from a service with `http`"),
    (
        "databases",
        "a managed database stays where it is",
        "set its address as a secret; or add a service with an `image` and a volume of class data",
    ),
];

/// Keys at the top of a spec.
pub(super) const TOP: &[Known] = &[
    ("region", "everything runs on your own host", NOTHING),
    ("features", "there is nothing like it here", NOTHING),
    ("alerts", "who is told stands in the manifest", "write `notify` with a receiver"),
    ("egress", "requests leave from your own host", NOTHING),
    ("vpc", "the services of an environment have a network of their own", NOTHING),
    ("maintenance", "maintenance is a command here", "use `slipway maintenance`"),
    ("disable_edge_cache", "there is no edge cache", NOTHING),
    ("disable_email_obfuscation", "answers are not changed", NOTHING),
    ("enhanced_threat_control_enabled", "there is no such filter", "put one before the router"),
];

/// Keys of a component.
pub(super) const COMPONENT: &[Known] = &[
    ("build_command", "an image is built from a Dockerfile alone", "write it as a RUN there"),
    ("internal_ports", "services reach each other on every port", NOTHING),
    ("cors", "the router adds no headers", "let the service answer with them"),
    ("alerts", "who is told stands in the manifest", "write `notify` with a receiver"),
    ("log_destinations", "logs are kept by the platform", "read them with `slipway logs`"),
    ("inactivity_sleep", "instances do not sleep", NOTHING),
    ("git", "the repository is named with `slipway app add`", NOTHING),
];
