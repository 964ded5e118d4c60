//! The shape of one commit under the policy of the default branch, for one environment.

use crate::drift::{Drift, DriftOverride};
use crate::environment::{Environment, Override};
use crate::health::{DEFAULT_GATE, Health, Probe, ProbeTarget, worst_case};
use crate::manifest::Manifest;
use crate::resolved::{
    Resolved, ResolvedHealth, ResolvedHttp, ResolvedProbe, ResolvedSecret, ResolvedService,
    ResolvedTarget, SecretPlace,
};
use crate::routes::{RouteError, routes};
use crate::service::{Delivery, Replace, Resources, Secret, Service, VolumeClass};
use crate::strategy::Strategy;
use crate::value::{AbsolutePath, HostName, Port, Span, Text, VariableName};
use events::{AppName, EnvironmentName, SecretName, ServiceName};
use std::collections::{BTreeMap, BTreeSet};

/// Why a commit cannot be released to an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The two manifests are of different apps.
    #[error("the commit is of app {shape}, and the default branch of app {policy}")]
    OtherApp {
        /// Of the commit.
        shape: AppName,
        /// Of the default branch.
        policy: AppName,
    },
    /// The default branch does not know the environment.
    #[error("the manifest on the default branch has no environment {0}")]
    UnknownEnvironment(EnvironmentName),
    /// The environment's paths do not fit the commit's services.
    #[error("the services of this commit cannot be routed in {environment}")]
    Routes {
        /// The environment.
        environment: EnvironmentName,
        /// Why not.
        #[source]
        source: RouteError,
    },
    /// The environment wants more instances than the service's data allow.
    #[error(
        "{environment} wants {replicas} instances of {service}, which writes a data volume that takes one"
    )]
    OneWriter {
        /// The environment.
        environment: EnvironmentName,
        /// The service.
        service: ServiceName,
        /// How many it should have.
        replicas: u32,
    },
    /// What the app and the environment are called is too long for a host name.
    #[error("{environment} has no host, and {app} makes none for it: give it one with `host`")]
    NoHost {
        /// The environment.
        environment: EnvironmentName,
        /// The app.
        app: AppName,
    },
}

/// The services, jobs and verification of `shape` (the commit being released) in `environment` as `policy`
/// (the default branch) has it, with every default filled in.
pub fn resolve(
    shape: &Manifest,
    policy: &Manifest,
    environment: &EnvironmentName,
) -> Result<Resolved, ResolveError> {
    if shape.app != policy.app {
        let (shape, policy) = (shape.app.clone(), policy.app.clone());
        return Err(ResolveError::OtherApp { shape, policy });
    }
    let place = policy
        .environments
        .get(environment)
        .ok_or_else(|| ResolveError::UnknownEnvironment(environment.clone()))?;
    let routes = routes(&shape.services, &place.paths)
        .map_err(|source| ResolveError::Routes { environment: environment.clone(), source })?;
    let services = shape.services.iter().map(|(name, service)| {
        let resolved = resolve_service(name, service, place);
        if resolved.replicas > 1 && has_one_writer(service) {
            let (environment, service) = (environment.clone(), name.clone());
            return Err(ResolveError::OneWriter {
                environment,
                service,
                replicas: resolved.replicas,
            });
        }
        Ok((name.clone(), resolved))
    });
    Ok(Resolved {
        app: policy.app.clone(),
        environment: environment.clone(),
        hosts: hosts(&policy.app, environment, place)?,
        routes,
        strategy: place.strategy.clone(),
        bake: place.bake.clone(),
        services: services.collect::<Result<_, _>>()?,
        jobs: shape.jobs.clone(),
        verify: shape.verify.clone(),
        wait_for_ci: place.wait_for_ci.clone(),
        approval: place.approval.clone(),
        promote_from: place.promote_from.clone(),
        freeze: place.freeze.clone(),
        limits: place.limits.clone(),
        keep: place.keep,
        drift: drift(shape, policy, place),
    })
}

/// What is compared is of the commit; what is done about it, without being asked, and when an environment wants it, of
/// the default branch.
fn drift(shape: &Manifest, policy: &Manifest, place: &Environment) -> Drift {
    let mut drift = shape.drift.clone();
    let here = place.drift.as_ref();
    let runtime = here.and_then(DriftOverride::runtime);
    drift.runtime = runtime.unwrap_or_else(|| policy.drift.runtime.clone());
    if let Some(data) = &mut drift.data {
        data.retrain = policy.drift.data.as_ref().and_then(|data| data.retrain.clone());
        if let Some(schedule) = here.and_then(DriftOverride::schedule) {
            data.schedule = schedule.clone();
        }
    }
    drift
}

fn hosts(
    app: &AppName,
    environment: &EnvironmentName,
    place: &Environment,
) -> Result<Vec<HostName>, ResolveError> {
    if !place.host.0.is_empty() {
        return Ok(place.host.0.clone());
    }
    let host = HostName::parse(&format!("{environment}.{app}.localhost"));
    host.map(|host| vec![host])
        .map_err(|_| ResolveError::NoHost { environment: environment.clone(), app: app.clone() })
}

/// Whether only one instance may run, because it writes data that take one writer.
pub(crate) fn has_one_writer(service: &Service) -> bool {
    service.replace != Some(Replace::Beside)
        && service.volumes.iter().any(|v| v.class == VolumeClass::Data && !v.read_only)
}

fn resolve_service(name: &ServiceName, service: &Service, place: &Environment) -> ResolvedService {
    let over = place.services.get(name);
    let replace = match (&place.strategy, service.replace) {
        (Strategy::Recreate, _) => Replace::StopFirst,
        (_, Some(replace)) => replace,
        (_, None) if has_one_writer(service) => Replace::StopFirst,
        (_, None) => Replace::Beside,
    };
    let mut given = Given::default();
    given.layer(&service.env, &service.secrets);
    given.layer(&place.env, &[]);
    if let Some(over) = over {
        given.layer(&over.env, &over.secrets);
    }
    if let Some(http) = &service.http {
        given.port(http.port);
    }
    ResolvedService {
        source: service.source.clone(),
        command: service.command.clone(),
        entrypoint: service.entrypoint.clone(),
        http: service
            .http
            .as_ref()
            .map(|http| ResolvedHttp { port: http.port, protocol: http.protocol }),
        replicas: over.and_then(|over| over.replicas).unwrap_or(service.replicas),
        env: given.env,
        secrets: given.secrets,
        health: resolve_health(&service.health, service.http.as_ref().map(|http| http.port)),
        cache: service.cache.clone(),
        warmup: service.warmup.clone(),
        volumes: service.volumes.clone(),
        resources: resolve_resources(&service.resources, over),
        stop: service.stop.clone(),
        depends_on: service.depends_on.clone(),
        user: service.user.clone(),
        read_only: service.read_only,
        init: service.init,
        replace,
    }
}

/// Variables and secrets, from the service to the environment: what a later layer names takes the place
/// of what an earlier one named so, be it a variable or a secret.
#[derive(Default)]
struct Given {
    env: BTreeMap<VariableName, Text>,
    secrets: Vec<ResolvedSecret>,
}

impl Given {
    fn layer(&mut self, env: &BTreeMap<VariableName, Text>, secrets: &[Secret]) {
        let secret_names: BTreeSet<&str> = secrets.iter().map(|s| s.name.as_str()).collect();
        self.env.retain(|name, _| !secret_names.contains(name.as_str()));
        self.secrets.retain(|secret| {
            let name = secret.name.as_str();
            !secret_names.contains(name) && env.keys().all(|variable| variable.as_str() != name)
        });
        self.env.extend(env.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.secrets.extend(secrets.iter().map(resolve_secret));
    }

    /// Tells the service its port in `PORT`, as platforms do, unless something else is there.
    fn port(&mut self, port: Port) {
        let name = VariableName::parse("PORT").expect("is a variable name");
        let value = Text::parse(&port.to_string()).expect("digits are text");
        if self.secrets.iter().all(|secret| secret.name.as_str() != name.as_str()) {
            self.env.entry(name).or_insert(value);
        }
    }
}

fn resolve_resources(own: &Resources, over: Option<&Override>) -> Resources {
    let Some(over) = over.map(|over| &over.resources) else { return own.clone() };
    Resources {
        cpus: over.cpus.or(own.cpus),
        memory: over.memory.or(own.memory),
        pids: over.pids.unwrap_or(own.pids),
    }
}

fn resolve_secret(secret: &Secret) -> ResolvedSecret {
    let place = match (secret.delivery, &secret.path) {
        (Delivery::Env, _) => SecretPlace::Env,
        (Delivery::File, Some(path)) => SecretPlace::File(path.clone()),
        (Delivery::File, None) => SecretPlace::File(default_path(&secret.name)),
    };
    ResolvedSecret { name: secret.name.clone(), place }
}

/// Where Docker's own secrets are, too.
fn default_path(name: &SecretName) -> AbsolutePath {
    AbsolutePath::parse(&format!("/run/secrets/{name}")).expect("a secret name is a plain word")
}

/// The probe that decides whether an instance is ready: the one written, that for liveness, or that the
/// port accepts connections.
pub(crate) fn ready_probe(health: &Health, port: Option<Port>) -> Option<Probe> {
    let written = health.ready.clone().or_else(|| health.live.clone());
    written.or_else(|| port.map(|port| Probe::with_defaults(ProbeTarget::Tcp(port))))
}

fn resolve_health(health: &Health, port: Option<Port>) -> ResolvedHealth {
    let ready = ready_probe(health, port);
    let needed = ready.as_ref().map_or(Span::ZERO, |ready| worst_case(health.start_period, ready));
    let needed = needed.max(health.start_period.plus(health.steady));
    ResolvedHealth {
        live: health.live.as_ref().and_then(|probe| resolve_probe(probe, port)),
        ready: ready.as_ref().and_then(|probe| resolve_probe(probe, port)),
        start_period: health.start_period,
        gate: health.gate.unwrap_or(DEFAULT_GATE.max(needed)),
        steady: health.steady,
    }
}

/// A valid manifest has a port for each probe that needs one, so that nothing is lost here.
fn resolve_probe(probe: &Probe, http: Option<Port>) -> Option<ResolvedProbe> {
    let target = match &probe.target {
        ProbeTarget::Get(path) => {
            ResolvedTarget::Get { port: probe.port.or(http)?, path: path.clone() }
        }
        ProbeTarget::Tcp(port) => ResolvedTarget::Tcp { port: *port },
        ProbeTarget::Exec(command) => ResolvedTarget::Exec { command: command.clone() },
    };
    Some(ResolvedProbe {
        target,
        initial_delay: probe.initial_delay,
        period: probe.period,
        timeout: probe.timeout,
        successes: probe.successes,
        failures: probe.failures,
    })
}
