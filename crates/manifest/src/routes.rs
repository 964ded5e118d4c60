//! Which service answers which path.

use crate::resolved::Route;
use crate::service::Service;
use crate::value::PathPrefix;
use events::ServiceName;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Why the services of an app cannot be routed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// A path goes to something that is not there.
    #[error("{path_prefix} goes to {service}, which is no service with `http`")]
    NoSuchService {
        /// The path.
        path_prefix: PathPrefix,
        /// The service.
        service: ServiceName,
    },
    /// Two services want the same path.
    #[error("{first} and {second} both want {path_prefix}")]
    Twice {
        /// The path.
        path_prefix: PathPrefix,
        /// One service.
        first: ServiceName,
        /// The other.
        second: ServiceName,
    },
    /// Several services could answer `/`, and none says that it does.
    #[error("{first} and {second} could both answer `/`")]
    NoFront {
        /// One service.
        first: ServiceName,
        /// Another.
        second: ServiceName,
    },
}

/// The routes of `services`, the longest prefixes first; `paths`, if there are any, are all there are.
pub(crate) fn routes(
    services: &BTreeMap<ServiceName, Service>,
    paths: &BTreeMap<PathPrefix, ServiceName>,
) -> Result<Vec<Route>, RouteError> {
    let by_prefix = if paths.is_empty() { written(services)? } else { paths.clone() };
    let mut routes = Vec::new();
    for (path_prefix, service) in by_prefix {
        let http = services.get(&service).and_then(|service| service.http.as_ref());
        let Some(http) = http else {
            return Err(RouteError::NoSuchService { path_prefix, service });
        };
        routes.push(Route { path_prefix, service, strip_prefix: http.strip_prefix });
    }
    routes.sort_by_key(|route| std::cmp::Reverse(route.path_prefix.as_str().len()));
    Ok(routes)
}

/// What the services say of themselves.
fn written(
    services: &BTreeMap<ServiceName, Service>,
) -> Result<BTreeMap<PathPrefix, ServiceName>, RouteError> {
    let mut by_prefix: BTreeMap<PathPrefix, ServiceName> = BTreeMap::new();
    for (name, service) in services {
        let prefix = service.http.as_ref().and_then(|http| http.path_prefix.clone());
        let Some(path_prefix) = prefix else { continue };
        if let Some(first) = by_prefix.insert(path_prefix.clone(), name.clone()) {
            return Err(RouteError::Twice { path_prefix, first, second: name.clone() });
        }
    }
    if let Entry::Vacant(root) = by_prefix.entry(PathPrefix::root())
        && let Some(front) = front(services)?
    {
        root.insert(front);
    }
    Ok(by_prefix)
}

/// The service that answers `/` without saying so: the only one with `http`, or the only one of those
/// that is built.
fn front(services: &BTreeMap<ServiceName, Service>) -> Result<Option<ServiceName>, RouteError> {
    let serving = |(_, service): &(&ServiceName, &Service)| {
        service.http.as_ref().is_some_and(|http| http.path_prefix.is_none())
    };
    let all: Vec<_> = services.iter().filter(serving).collect();
    let built: Vec<_> = all.iter().filter(|(_, s)| s.source.build().is_some()).collect();
    let candidates: Vec<&ServiceName> = if built.is_empty() {
        all.iter().map(|(name, _)| *name).collect()
    } else {
        built.iter().map(|(name, _)| *name).collect()
    };
    match candidates[..] {
        [] => Ok(None),
        [front] => Ok(Some(front.clone())),
        [first, second, ..] => {
            Err(RouteError::NoFront { first: first.clone(), second: second.clone() })
        }
    }
}
