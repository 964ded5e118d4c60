//! The table from the wire; everything that is wrong with it is told at once.

use super::{
    Address, CandidateToken, Capture, HostPattern, Insider, Mode, PathPrefix, Route, RouteTable,
    Shadow, Sticky, Target, Upstream,
};
use events::{InstanceId, ReleaseId};
use proto::v1;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a paused route holds a request when the table does not say: what kamal-proxy does.
const HOLD_LIMIT: Duration = Duration::from_secs(30);
/// How long an answer may take when the table does not say: nginx's `proxy_read_timeout`.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection may take when the table does not say; instances are one hop away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than this nothing may wait.
const LONGEST: Duration = Duration::from_hours(24);

/// Everything that is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the route table is not valid: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct InvalidTable(pub Vec<Violation>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, as `routes[0].hosts[1]`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl TryFrom<&v1::RouteTable> for RouteTable {
    type Error = InvalidTable;

    fn try_from(wire: &v1::RouteTable) -> Result<Self, InvalidTable> {
        let mut found = Violations::default();
        if wire.generation == 0 {
            found.add("generation", "must be 1 or more");
        }
        let mut routes: Vec<Route> = wire
            .routes
            .iter()
            .enumerate()
            .filter_map(|(i, wire)| route(&format!("routes[{i}]"), wire, &mut found))
            .collect();
        routes.sort_by(|a, b| a.name.cmp(&b.name));
        unique(&routes, &mut found);
        if found.0.is_empty() {
            Ok(Self::new(wire.generation, routes))
        } else {
            Err(InvalidTable(found.0))
        }
    }
}

#[derive(Default)]
pub(super) struct Violations(Vec<Violation>);

impl Violations {
    pub(super) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Violation { field: field.into(), message: message.into() });
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value, or its error noted.
    pub(super) fn take<T, E: ToString>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.add(field, error.to_string())).ok()
    }
}

fn route(at: &str, wire: &v1::Route, found: &mut Violations) -> Option<Route> {
    let label =
        !wire.name.is_empty() && wire.name.len() <= 200 && wire.name.bytes().all(is_label_byte);
    if !label {
        found.add(format!("{at}.name"), "must be 1 to 200 visible characters without quotes");
    }
    if wire.hosts.is_empty() {
        found.add(format!("{at}.hosts"), "must name at least one host");
    }
    let mut hosts = Vec::new();
    for (i, host) in wire.hosts.iter().enumerate() {
        hosts.extend(found.take(&format!("{at}.hosts[{i}]"), HostPattern::parse(host)));
    }
    hosts.sort();
    hosts.dedup();
    let path_prefix =
        found.take(&format!("{at}.path_prefix"), PathPrefix::parse(&wire.path_prefix));
    let response_timeout =
        span(&format!("{at}.response_timeout"), wire.response_timeout, RESPONSE_TIMEOUT, found);
    let connect_timeout =
        span(&format!("{at}.connect_timeout"), wire.connect_timeout, CONNECT_TIMEOUT, found);
    let mode = mode(at, wire, found);
    let candidate_token = candidate_token(at, wire, found);
    let targets = targets(at, wire, found);
    let sticky = wire.sticky.as_ref().and_then(|sticky| Sticky::parse(at, sticky, found));
    let insiders = insiders(at, wire, found);
    let shadow = wire.shadow.as_ref().map(|shadow| Shadow::parse(at, shadow, found));
    Some(Route {
        name: wire.name.clone(),
        hosts,
        path_prefix: path_prefix?,
        strip_prefix: wire.strip_prefix,
        targets,
        mode,
        response_timeout,
        connect_timeout,
        max_body: (wire.max_body_bytes > 0).then_some(wire.max_body_bytes),
        candidate_token,
        sticky,
        insiders,
        shadow,
    })
}

fn insiders(at: &str, wire: &v1::Route, found: &mut Violations) -> Vec<Insider> {
    let all = wire.insiders.iter().enumerate();
    all.filter_map(|(i, wire)| Insider::parse(&format!("{at}.insiders[{i}]"), wire, found))
        .collect()
}

fn is_label_byte(b: u8) -> bool {
    b.is_ascii_graphic() && b != b'"' && b != b'\\'
}

fn mode(at: &str, wire: &v1::Route, found: &mut Violations) -> Mode {
    use v1::route::Mode as Wire;
    let hold_limit = span(&format!("{at}.hold_limit"), wire.hold_limit, HOLD_LIMIT, found);
    match Wire::try_from(wire.mode) {
        Ok(Wire::Serving) => Mode::Serving,
        Ok(Wire::Maintenance) => Mode::Maintenance,
        Ok(Wire::Paused) => Mode::Paused { hold_limit },
        Ok(Wire::Unspecified) | Err(_) => {
            found.add(format!("{at}.mode"), "must be serving, maintenance or paused");
            Mode::Serving
        }
    }
}

pub(super) fn span(
    field: &str,
    wire: Option<prost_types::Duration>,
    default: Duration,
    found: &mut Violations,
) -> Duration {
    let Some(wire) = wire else { return default };
    match proto::time::from_duration(&wire) {
        Some(span) if !span.is_zero() && span <= LONGEST => span,
        _ => {
            found.add(field, "must be more than 0 s and at most 24 h");
            default
        }
    }
}

fn candidate_token(at: &str, wire: &v1::Route, found: &mut Violations) -> Option<CandidateToken> {
    let token = &wire.candidate_token;
    if token.is_empty() {
        return None;
    }
    if token.len() < 16 || token.len() > 200 || !token.bytes().all(|b| b.is_ascii_graphic()) {
        found.add(format!("{at}.candidate_token"), "must be 16 to 200 visible characters");
    }
    Some(CandidateToken(token.clone()))
}

fn targets(at: &str, wire: &v1::Route, found: &mut Violations) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for (i, wire) in wire.targets.iter().enumerate() {
        let at = format!("{at}.targets[{i}]");
        let upstreams = upstreams(&at, wire, found);
        let release: Result<ReleaseId, _> = wire.release.parse();
        let Some(release) = found.take(&format!("{at}.release"), release) else { continue };
        let v1::Target { weight, candidate, h2c, .. } = *wire;
        let capture = wire.capture.as_ref().and_then(|capture| {
            Capture::parse(&format!("{at}.capture"), release, capture, found).map(Arc::new)
        });
        targets.push(Target { release, weight, candidate, h2c, upstreams, capture });
    }
    if targets.iter().filter(|target| target.candidate).count() > 1 {
        found.add(format!("{at}.targets"), "must have at most one candidate");
    }
    targets.sort_by_key(|target| target.release);
    if targets.windows(2).any(|pair| pair[0].release == pair[1].release) {
        found.add(format!("{at}.targets"), "must name each release once");
    }
    // Whoever has the candidate keeps it as its share grows, because that grows from the end.
    targets.sort_by_key(|target| target.candidate);
    targets
}

fn upstreams(at: &str, wire: &v1::Target, found: &mut Violations) -> Vec<Upstream> {
    let mut upstreams = Vec::new();
    for (i, wire) in wire.upstreams.iter().enumerate() {
        let at = format!("{at}.upstreams[{i}]");
        let instance: Result<InstanceId, _> = wire.instance.parse();
        let instance = found.take(&format!("{at}.instance"), instance);
        let address = found.take(&format!("{at}.address"), Address::parse(&wire.address));
        if let (Some(instance), Some(address)) = (instance, address) {
            upstreams.push(Upstream { instance, address });
        }
    }
    upstreams.sort_by_key(|upstream| upstream.instance);
    upstreams
}

fn unique(routes: &[Route], found: &mut Violations) {
    for pair in routes.windows(2) {
        if pair[0].name == pair[1].name {
            found.add("routes", format!("the name {:?} is used twice", pair[0].name));
        }
    }
    let mut instances: HashMap<InstanceId, &Address> = HashMap::new();
    let targets = routes.iter().flat_map(|route| &route.targets);
    for Upstream { instance, address } in targets.flat_map(|target| &target.upstreams) {
        let known = *instances.entry(*instance).or_insert(address);
        if known != address {
            found.add("routes", format!("instance {instance} has two addresses"));
        }
    }
}
