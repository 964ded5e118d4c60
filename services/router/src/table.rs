//! What the router knows, parsed: which hosts and paths go to which instances of which releases.
//!
//! Invariants: route names are unique and an instance has one address; everything is in canonical order, so that
//! equal tables compare equal whatever the order they were written in. Of two routes that serve the same host and
//! prefix the first by name does: a mistake in one app must not keep the tables of all others from being applied.

mod address;
mod capture;
mod host;
mod insider;
mod parse;
pub(crate) mod pointer;
mod shadow;
mod sticky;
#[cfg(test)]
pub(crate) mod tests;

pub use address::{Address, InvalidAddress};
pub use capture::{Capture, Declared};
pub use host::{HostPattern, InvalidHost, PathPrefix, normal_host};
pub use insider::Insider;
pub use parse::{InvalidTable, Violation};
pub use pointer::{InvalidPointer, Pointer};
pub use shadow::Shadow;
pub use sticky::Sticky;

use events::{InstanceId, ReleaseId};
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Everything the router knows; replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable {
    /// Grows with every change; a lower one is refused.
    pub generation: u64,
    /// By name.
    pub routes: Vec<Route>,
    by_host: ByHost,
}

/// Indices of routes by host pattern, longest path prefix first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ByHost {
    exact: HashMap<String, Vec<usize>>,
    /// Longest suffix first.
    suffix: Vec<(String, Vec<usize>)>,
    any: Vec<usize>,
}

/// Where requests of some hosts and paths go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Identity of the route and label of its measurements.
    pub name: String,
    /// At least one.
    pub hosts: Vec<HostPattern>,
    /// Which paths.
    pub path_prefix: PathPrefix,
    /// Instances see paths without the prefix.
    pub strip_prefix: bool,
    /// By release, the candidate last.
    pub targets: Vec<Target>,
    /// What happens to requests now.
    pub mode: Mode,
    /// Until the head of the answer, then per gap between bytes.
    pub response_timeout: Duration,
    /// Until an instance accepts a connection.
    pub connect_timeout: Duration,
    /// Bytes of a request body; nothing means no limit.
    pub max_body: Option<u64>,
    /// What a request shows to be sent to the candidate.
    pub candidate_token: Option<CandidateToken>,
    /// By what requests of one client are known; without, every request is decided by itself.
    pub sticky: Option<Sticky>,
    /// Requests that go to a candidate with a share, whatever that is.
    pub insiders: Vec<Insider>,
    /// The candidate gets copies of requests.
    pub shadow: Option<Shadow>,
}

impl Route {
    /// The path as instances see it, from what the client sent.
    pub(crate) fn path_behind(&self, uri: &Uri) -> PathAndQuery {
        let all = || PathAndQuery::from_static("/");
        let path = uri.path_and_query().cloned().unwrap_or_else(all);
        if !self.strip_prefix {
            return path;
        }
        let rest = self.path_prefix.strip(path.path());
        let query = path.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{rest}{query}").try_into().unwrap_or(path)
    }

    /// The part of the path that instances do not see, for a header that tells them.
    pub(crate) fn told_prefix(&self) -> Option<HeaderValue> {
        let prefix = self.strip_prefix.then(|| self.path_prefix.to_string())?;
        HeaderValue::from_str(&prefix).ok()
    }
}

/// What happens to the requests of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are served.
    Serving,
    /// They are answered 503 with Retry-After.
    Maintenance,
    /// They wait for another table, up to `hold_limit`, then 503.
    Paused {
        /// The longest a request waits.
        hold_limit: Duration,
    },
}

/// One release of a service behind a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Label of the measurements.
    pub release: ReleaseId,
    /// Share of new requests, relative to the sum.
    pub weight: u32,
    /// Addressed by the candidate token.
    pub candidate: bool,
    /// HTTP/2 without TLS to the instances.
    pub h2c: bool,
    /// By instance.
    pub upstreams: Vec<Upstream>,
    /// What is captured of its requests.
    pub capture: Option<Arc<Capture>>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Which instance.
    pub instance: InstanceId,
    /// Where it listens.
    pub address: Address,
}

/// The secret that addresses a candidate; compared in constant time, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CandidateToken(String);

impl CandidateToken {
    /// Whether this is what a request showed.
    pub fn matches(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl std::fmt::Debug for CandidateToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CandidateToken(***)")
    }
}

impl RouteTable {
    /// The table before there is one: generation 0, no routes.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(0, Vec::new())
    }

    fn new(generation: u64, routes: Vec<Route>) -> Self {
        let by_host = ByHost::of(&routes);
        Self { generation, routes, by_host }
    }

    /// Routes that serve nothing of some host, because another one serves the same: both names and the host.
    pub fn shadowed(&self) -> Vec<(&str, &str, &HostPattern)> {
        let mut served: HashMap<(&HostPattern, &PathPrefix), &str> = HashMap::new();
        let mut shadowed = Vec::new();
        for route in &self.routes {
            for host in &route.hosts {
                let first = *served.entry((host, &route.path_prefix)).or_insert(&route.name);
                if first != route.name {
                    shadowed.push((route.name.as_str(), first, host));
                }
            }
        }
        shadowed
    }

    /// The routes that may serve `host` (in normal form), most specific host first, then longest prefix first.
    pub(crate) fn candidates<'t>(&'t self, host: &'t str) -> impl Iterator<Item = usize> + 't {
        let exact = self.by_host.exact.get(host).into_iter().flatten();
        let suffix = self
            .by_host
            .suffix
            .iter()
            .filter(move |(suffix, _)| host::ends_with_label(host, suffix))
            .flat_map(|(_, routes)| routes);
        exact.chain(suffix).chain(&self.by_host.any).copied()
    }
}

impl ByHost {
    fn of(routes: &[Route]) -> Self {
        let mut longest_first: Vec<usize> = (0..routes.len()).collect();
        longest_first.sort_by_key(|&i| std::cmp::Reverse(routes[i].path_prefix.len()));
        let mut by_host = Self::default();
        let mut suffix: HashMap<&str, Vec<usize>> = HashMap::new();
        for i in longest_first {
            for host in &routes[i].hosts {
                match host {
                    HostPattern::Exact(host) => {
                        by_host.exact.entry(host.clone()).or_default().push(i);
                    }
                    HostPattern::Suffix(host) => suffix.entry(host).or_default().push(i),
                    HostPattern::Any => by_host.any.push(i),
                }
            }
        }
        by_host.suffix = suffix.into_iter().map(|(host, i)| (host.to_owned(), i)).collect();
        by_host.suffix.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        by_host
    }
}
