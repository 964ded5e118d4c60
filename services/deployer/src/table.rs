//! The route table: composed from the traffic of every environment, the content of the releases that have
//! a share, and the addresses of their instances. Pure, but for [`publish`], which sends it.

use crate::app::App;
use crate::content::Content;
use crate::db::environment::{self, Environment};
use crate::db::instance::{self, Instance};
use crate::db::release;
use crate::restored;
use crate::router::RouterError;
use ::release::{Mode, Share, Traffic};
use events::ReleaseId;
use manifest::{Canary, Insider, JsonPointer, Mark, Protocol, Shadow, Sticky, Strategy, Truth};
use proto::v1::{self, Route, RouteTable, Target, Upstream, route};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long requests are held while a release that must stop the old one starts.
pub(crate) const HOLD_LIMIT: Duration = Duration::from_secs(30);
/// How long the router tries to connect to an instance.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The label of measurements, and the name of the first route of an environment.
pub(crate) fn route_name(
    app: impl std::fmt::Display,
    environment: impl std::fmt::Display,
) -> String {
    format!("{app}/{environment}")
}

/// The name of one route of what `content` describes: the first one carries the plain name, further ones add their
/// service and prefix.
pub(crate) fn name_of_rule(
    environment: String,
    content: &Content,
    rule: &manifest::Route,
) -> String {
    match content.resolved.routes.first() {
        Some(first) if first == rule => environment,
        _ => format!("{environment}/{}{}", rule.service, rule.path_prefix),
    }
}

/// Everything that decides the routes of one environment.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) environment: Environment,
    pub(crate) releases: BTreeMap<ReleaseId, Content>,
    /// The numbers of those releases.
    pub(crate) numbers: BTreeMap<ReleaseId, i64>,
    /// Those of them of which a job cannot be undone.
    pub(crate) irreversible: BTreeSet<ReleaseId>,
    pub(crate) instances: Vec<Instance>,
}

impl Scene {
    fn name(&self) -> String {
        route_name(&self.environment.app, &self.environment.environment)
    }

    /// The routes of the environment, by the release with the largest share.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let traffic = &self.environment.traffic;
        let leading = traffic.shares.iter().max_by_key(|share| share.percent);
        let Some(leading) = leading.and_then(|share| self.releases.get(&share.release)) else {
            return Vec::new();
        };
        let hosts: Vec<String> = leading.resolved.hosts.iter().map(ToString::to_string).collect();
        let route = |rule: &manifest::Route| Route {
            name: name_of_rule(self.name(), leading, rule),
            hosts: hosts.clone(),
            path_prefix: rule.path_prefix.to_string(),
            targets: self.targets(rule),
            mode: mode(traffic).into(),
            hold_limit: Some(proto::time::duration(HOLD_LIMIT)),
            response_timeout: Some(proto::time::duration(
                leading.resolved.limits.timeout.duration(),
            )),
            max_body_bytes: leading.resolved.limits.body.get(),
            candidate_token: self.environment.candidate_token.clone(),
            connect_timeout: Some(proto::time::duration(CONNECT_TIMEOUT)),
            strip_prefix: rule.strip_prefix,
            sticky: self.sticky(),
            insiders: self.insiders(),
            shadow: self.shadow(rule),
        };
        leading.resolved.routes.iter().map(route).collect()
    }

    /// How a candidate is brought in, while there is one, if that is by shares.
    fn canary(&self) -> Option<&Canary> {
        let [_, .., candidate] = self.environment.traffic.shares.as_slice() else { return None };
        match &self.releases.get(&candidate.release)?.resolved.strategy {
            Strategy::Canary(canary) => Some(canary),
            Strategy::BlueGreen | Strategy::Recreate | Strategy::Shadow(_) => None,
        }
    }

    /// Whose requests the candidate answers, whatever its share is.
    fn insiders(&self) -> Vec<v1::Insider> {
        self.canary().iter().flat_map(|canary| &canary.insiders).map(insider).collect()
    }

    /// By what clients are known while a candidate has a share.
    fn sticky(&self) -> Option<v1::Sticky> {
        Some(match self.canary()?.sticky.as_ref()? {
            Sticky::Header(name) => {
                v1::Sticky { header: name.to_string(), ..v1::Sticky::default() }
            }
            Sticky::Cookie(name) => {
                v1::Sticky { cookie: name.to_string(), ..v1::Sticky::default() }
            }
            Sticky::Address => v1::Sticky { address: true, ..v1::Sticky::default() },
        })
    }

    /// What a candidate without users gets of a route; nothing where the stable release's instances are its own, too.
    fn shadow(&self, rule: &manifest::Route) -> Option<v1::Shadow> {
        let [stable, candidate] = self.environment.traffic.shares.as_slice() else { return None };
        let content = |share: &Share| self.releases.get(&share.release);
        let (stable, new) = (content(stable)?, content(candidate)?);
        let Strategy::Shadow(shadow) = &new.resolved.strategy else { return None };
        let is_new = stable.service_hash(&rule.service) != new.service_hash(&rule.service);
        (candidate.percent == 0 && is_new).then(|| copies(shadow, prediction(new, rule)))
    }

    fn targets(&self, rule: &manifest::Route) -> Vec<Target> {
        let shares = &self.environment.traffic.shares;
        let last = shares.len().saturating_sub(1);
        let target = |(index, share): (usize, &Share)| {
            let content = self.releases.get(&share.release)?;
            let service = content.resolved.services.get(&rule.service)?;
            let http = service.http.as_ref()?;
            let upstreams = self.upstreams(content, rule);
            // A warm release is there to go back to; without instances it is nothing.
            (share.percent > 0 || !upstreams.is_empty()).then(|| Target {
                release: share.release.to_string(),
                weight: share.percent,
                upstreams,
                candidate: index == last,
                h2c: http.protocol == Protocol::H2c,
                irreversible: self.irreversible.contains(&share.release),
                capture: self.capture(share.release, content, rule),
            })
        };
        shares.iter().enumerate().filter_map(target).collect()
    }

    /// What is captured of the requests that `release` answers for this rule.
    fn capture(
        &self,
        release: ReleaseId,
        content: &Content,
        rule: &manifest::Route,
    ) -> Option<v1::Capture> {
        let data = content.resolved.drift.data.as_ref()?;
        let capture = &data.capture;
        let image = content.images.get(&capture.service)?;
        let key =
            |truth: &Truth| v1::TruthKey { pointer: truth.key.as_ref().map(ToString::to_string) };
        (capture.service == rule.service).then(|| v1::Capture {
            environment: self.name(),
            release_number: self.numbers.get(&release).copied().unwrap_or_default(),
            // The model is in the image.
            model: image.digest.to_string(),
            path_prefix: capture.path.to_string(),
            per_million: capture.share.basis_points() * 100,
            features: capture
                .features
                .iter()
                .map(|(name, pointer)| (name.to_string(), pointer.to_string()))
                .collect(),
            prediction: capture.prediction.as_ref().map(ToString::to_string),
            truth_key: data.truth.as_ref().map(key),
        })
    }

    fn upstreams(&self, content: &Content, rule: &manifest::Route) -> Vec<Upstream> {
        let wanted = content.service_hash(&rule.service);
        let replicas = content.resolved.services.get(&rule.service).map_or(0, |s| s.replicas);
        let belongs = |instance: &&Instance| {
            instance.service == rule.service
                && wanted.as_deref() == Some(instance.content_hash.as_str())
                && instance.replica < replicas
                && instance.state == "ready"
        };
        let upstream = |instance: &Instance| {
            let address = instance.address.clone()?;
            Some(Upstream { instance: instance.id.to_string(), address })
        };
        self.instances.iter().filter(belongs).filter_map(upstream).collect()
    }
}

fn insider(insider: &Insider) -> v1::Insider {
    let values = |mark: &Mark| mark.is.0.iter().map(ToString::to_string).collect();
    match insider {
        Insider::Header(mark) => v1::Insider {
            header: mark.name.to_string(),
            values: values(mark),
            ..v1::Insider::default()
        },
        Insider::Cookie(mark) => v1::Insider {
            cookie: mark.name.to_string(),
            values: values(mark),
            ..v1::Insider::default()
        },
        Insider::Address(networks) => v1::Insider {
            networks: networks.0.iter().map(ToString::to_string).collect(),
            ..v1::Insider::default()
        },
    }
}

/// Where the prediction stands in answers of the service behind this rule.
fn prediction<'c>(content: &'c Content, rule: &manifest::Route) -> Option<&'c JsonPointer> {
    let capture = &content.resolved.drift.data.as_ref()?.capture;
    capture.prediction.as_ref().filter(|_| capture.service == rule.service)
}

/// That predictions are others is judged by itself, and no difference of answers.
fn copies(shadow: &Shadow, prediction: Option<&JsonPointer>) -> v1::Shadow {
    v1::Shadow {
        share_basis_points: shadow.share.basis_points(),
        methods: shadow.methods.iter().map(ToString::to_string).collect(),
        max_body_bytes: shadow.limits.body.get(),
        timeout: Some(proto::time::duration(shadow.limits.timeout.duration())),
        max_copies: shadow.limits.at_once,
        ignored_pointers: shadow.ignore.iter().chain(prediction).map(ToString::to_string).collect(),
        slower_by_basis_points: shadow.analysis.p95.worse_by.basis_points(),
    }
}

fn mode(traffic: &Traffic) -> route::Mode {
    match traffic.effective_mode() {
        Mode::Serving => route::Mode::Serving,
        Mode::Maintenance => route::Mode::Maintenance,
        Mode::Paused => route::Mode::Paused,
    }
}

/// Why the table is not in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error("compose the route table")]
    Compose(#[from] sqlx::Error),
    #[error("put the route table in force")]
    Router(#[from] RouterError),
}

/// Composes the table of everything and puts it in force; `change` writes what is different, in the same
/// transaction that takes the generation, so that a later table always holds it too.
pub(crate) async fn publish(
    app: &App,
    change: impl AsyncFnOnce(&mut sqlx::PgConnection) -> Result<(), sqlx::Error>,
) -> Result<u64, PublishError> {
    let mut transaction = app.pool.begin().await?;
    let generation = environment::next_generation(&mut transaction).await?;
    change(&mut transaction).await?;
    let mut routes = Vec::new();
    for environment in environment::all(&mut *transaction).await? {
        routes.extend(scene(&mut transaction, environment).await?.routes());
    }
    transaction.commit().await?;
    let generation = u64::try_from(generation).unwrap_or_default();
    let table = RouteTable { generation, routes, ..RouteTable::default() };
    let sent = app.router.apply(table).await;
    app.metrics.table_sent(match &sent {
        Ok(()) => "ok",
        Err(RouterError::Stale { .. }) => "stale",
        Err(RouterError::Call { .. }) => "failed",
    });
    match sent {
        Ok(()) => Ok(generation),
        // A later table, composed after our commit, holds the change too. One that this database never made is
        // somebody's mistake, and the next generation is above it; or it is of a time that a restored database
        // has forgotten, and what it serves stays until the sweep has brought up what takes its place.
        Err(RouterError::Stale { known }) => {
            if restored::is_forgotten(app, &known).await? {
                return Err(RouterError::Stale { known }.into());
            }
            let mut connection = app.pool.acquire().await?;
            let newer = i64::try_from(known.generation).unwrap_or(i64::MAX - 1);
            if environment::raise_generation(&mut connection, newer).await? {
                return Err(RouterError::Stale { known }.into());
            }
            Ok(generation)
        }
        Err(error) => Err(error.into()),
    }
}

async fn scene(
    connection: &mut sqlx::PgConnection,
    environment: Environment,
) -> Result<Scene, sqlx::Error> {
    let (mut releases, mut numbers) = (BTreeMap::new(), BTreeMap::new());
    let mut irreversible = BTreeSet::new();
    for share in &environment.traffic.shares {
        if let Some(found) = release::get(&mut *connection, share.release).await? {
            numbers.insert(share.release, found.number);
            if found.plan.irreversible {
                irreversible.insert(share.release);
            }
            releases.insert(share.release, found.content);
        }
    }
    let place = (&environment.app, &environment.environment);
    let instances = instance::of_environment(&mut *connection, place).await?;
    Ok(Scene { environment, releases, numbers, irreversible, instances })
}
