//! `slipway.v1.InstanceService`: what the monitor asks of the owner of containers.

use super::read::database;
use super::{Instances, adopt, name};
use crate::addresses;
use crate::app::App;
use crate::db::release::Release;
use crate::db::{instance, release, repair};
use crate::docker::engine_body;
use crate::member;
use crate::probe::{Probe, ask};
use crate::repair::{Kind, Repair};
use crate::spec::{InstanceSpec, RestartPolicy};
use events::{InstanceId, ReleaseId};
use pg::sealed::fingerprint;
use proto::v1;
use proto::v1::instance_service_server::InstanceService;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

#[async_trait]
impl InstanceService for Instances {
    async fn describe_instances(
        &self,
        request: Request<v1::DescribeInstancesRequest>,
    ) -> Result<Response<v1::DescribeInstancesResponse>, Status> {
        platform(&request)?;
        let request = request.into_inner();
        let release = release_called(&self.0, &request.name).await?;
        let described = member::describe(&self.0, &release).await;
        let described = described.map_err(|error| status::internal(&error))?;
        let known = |d: &member::Described| d.instance.container_id.is_some();
        let key = request.fingerprint_key.as_slice();
        let instances = described.iter().filter(|d| known(d)).map(|d| wire_spec(&d.spec, key));
        Ok(Response::new(v1::DescribeInstancesResponse { instances: instances.collect() }))
    }

    async fn probe_instance(
        &self,
        request: Request<v1::ProbeInstanceRequest>,
    ) -> Result<Response<v1::ProbeInstanceResponse>, Status> {
        platform(&request)?;
        probe(&self.0, request.into_inner()).await.map(Response::new)
    }

    async fn repair_instance(
        &self,
        request: Request<v1::RepairInstanceRequest>,
    ) -> Result<Response<v1::RepairInstanceResponse>, Status> {
        let by = platform(&request)?.name.to_string();
        let repair = begin(&self.0, request.into_inner(), by).await?;
        Ok(Response::new(v1::RepairInstanceResponse { repair: Some(wire_repair(&repair)) }))
    }

    async fn get_repair(
        &self,
        request: Request<v1::GetRepairRequest>,
    ) -> Result<Response<v1::GetRepairResponse>, Status> {
        platform(&request)?;
        let name = &request.get_ref().name;
        let missing = || status::not_found("repair", name);
        let id = proto::name::parts(name, "repairs/{uid}").ok();
        let id: Uuid = id.and_then(|parts| parts[0].parse().ok()).ok_or_else(missing)?;
        let found = repair::get(&self.0.pool, id).await.map_err(database)?;
        let repair = Some(wire_repair(&found.ok_or_else(missing)?));
        Ok(Response::new(v1::GetRepairResponse { repair }))
    }

    async fn refresh_routes(
        &self,
        request: Request<v1::RefreshRoutesRequest>,
    ) -> Result<Response<v1::RefreshRoutesResponse>, Status> {
        platform(&request)?;
        refresh(&self.0, request.into_inner()).await.map(Response::new)
    }

    async fn adopt_instances(
        &self,
        request: Request<v1::AdoptInstancesRequest>,
    ) -> Result<Response<v1::AdoptInstancesResponse>, Status> {
        adopt::adopt(&self.0, request).await.map(Response::new)
    }
}

/// These calls are for the platform itself; adopting alone is on behalf of people.
fn platform<T>(request: &Request<T>) -> Result<Principal, Status> {
    let principal = Principal::of(request)?;
    principal.require(Role::Admin, None, None)?;
    Ok(principal)
}

async fn release_called(app: &App, text: &str) -> Result<Release, Status> {
    let missing = || status::not_found("release", text);
    let name::ReleaseName::Id(id) = name::ReleaseName::parse(text)? else { return Err(missing()) };
    release::get(&app.pool, id).await.map_err(database)?.ok_or_else(missing)
}

/// As the engine was told, for an instance that is ready; values of variables are fingerprints.
fn wire_spec(spec: &InstanceSpec, key: &[u8]) -> v1::InstanceSpec {
    let ready = InstanceSpec { restart_policy: RestartPolicy::Always, ..spec.clone() };
    let mut body = engine_body(&ready);
    for line in body.env.iter_mut().flatten() {
        if let Some((name, value)) = line.split_once('=') {
            let fingerprint = hex::encode(&fingerprint(key, value.as_bytes())[..8]);
            *line = format!("{name}={fingerprint}");
        }
    }
    v1::InstanceSpec {
        uid: spec.uid.to_string(),
        service: spec.service.to_string(),
        replica: i32::try_from(spec.replica).unwrap_or(i32::MAX),
        container_name: spec.container_name(),
        engine_json: serde_json::to_string(&body).expect("a body of the engine is JSON"),
    }
}

async fn probe(
    app: &App,
    request: v1::ProbeInstanceRequest,
) -> Result<v1::ProbeInstanceResponse, Status> {
    let release = release_called(app, &request.release).await?;
    let missing = || status::not_found("instance", &request.instance);
    let id: InstanceId = request.instance.parse().map_err(|_| missing())?;
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await.map_err(database)?;
    let instance = all.into_iter().find(|it| it.id == id).ok_or_else(missing)?;
    let service = release.content.resolved.services.get(&instance.service).ok_or_else(missing)?;
    let Some(probe) = Probe::live(&service.health) else {
        return Err(status::precondition("NO_PROBE", "the service has no probe `live`"));
    };
    let container = instance.container_id.unwrap_or(instance.container_name);
    let away = |error| status::unavailable("ENGINE_AWAY", service::chain(&error));
    let facts = app.engine.find(&container).await.map_err(away)?.ok_or_else(missing)?;
    // Without the secrets nothing can be hidden, and so nothing is told; the answer counts all the same.
    let mask = member::mask(app, &release).await.ok().flatten();
    let answer = ask(&app.engine, &container, facts.address, &probe, mask.as_ref()).await;
    let age = facts.started_at.and_then(|started| (app.clock.now() - started).to_std().ok());
    Ok(v1::ProbeInstanceResponse {
        good: answer.is_good(),
        answer: format!("{}: {answer}", probe.target),
        running: facts.running,
        age: Some(proto::time::duration(age.unwrap_or_default())),
    })
}

async fn begin(
    app: &App,
    request: v1::RepairInstanceRequest,
    by: String,
) -> Result<Repair, Status> {
    let id: Uuid = request.uid.parse().map_err(|_| status::invalid("uid", "is not a uid"))?;
    if let Some(before) = repair::get(&app.pool, id).await.map_err(database)? {
        return Ok(before);
    }
    let release = release_called(app, &request.release).await?;
    let missing = || status::not_found("instance", &request.instance);
    let instance: InstanceId = request.instance.parse().map_err(|_| missing())?;
    let (kind, successor) = match request.kind() {
        v1::repair::Kind::Replace => (Kind::Replace, InstanceId::new(service::new_id())),
        v1::repair::Kind::Restart => (Kind::Restart, instance),
        v1::repair::Kind::Unspecified => {
            return Err(status::invalid("kind", "use REPLACE or RESTART"));
        }
    };
    let place = (&release.app, &release.environment);
    let mut transaction = app.pool.begin().await.map_err(database)?;
    crate::db::environment::lock(&mut transaction, place).await.map_err(database)?;
    if !repair::is_calm(&mut *transaction, place, release.id).await.map_err(database)? {
        return Err(moves(release.id));
    }
    let all = instance::of_environment(&mut *transaction, place).await.map_err(database)?;
    let own = member::of_content(&release.content, &all);
    let found = own.into_iter().find(|it| it.id == instance).ok_or_else(missing)?;
    let repair = Repair {
        id,
        kind,
        app: release.app,
        environment: release.environment,
        service: found.service,
        release: release.id,
        instance,
        successor,
        aside: Vec::new(),
        swapped: false,
        asked_by: by,
        why: request.message,
        created_at: app.clock.now(),
        ended_at: None,
        reason: None,
        message: String::new(),
    };
    if !repair::begin(&mut transaction, &repair).await.map_err(database)? {
        let message = "another instance of the service is being repaired; one at a time";
        return Err(status::precondition("REPAIR_GOES_ON", message));
    }
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(repair)
}

fn moves(release: ReleaseId) -> Status {
    let message = format!("a release moves, or {release} does not live any more");
    status::precondition("RELEASE_MOVES", message)
}

/// Instances may have another address since the engine started them again; the router is told.
async fn refresh(
    app: &App,
    request: v1::RefreshRoutesRequest,
) -> Result<v1::RefreshRoutesResponse, Status> {
    let place = name::environment("name", &request.name)?;
    let place = (&place.0, &place.1);
    let live = release::live(&app.pool, place).await.map_err(database)?;
    let live = live.ok_or_else(|| status::not_found("live release of", &request.name))?;
    if !repair::is_calm(&app.pool, place, live).await.map_err(database)? {
        return Err(moves(live));
    }
    let away = |error| status::unavailable("ENGINE_AWAY", service::chain(&error));
    let instances = instance::of_environment(&app.pool, place).await.map_err(database)?;
    let moved = addresses::moved(app, &instances).await.map_err(away)?;
    // The router may have a table that is not ours: the second one is above it.
    let published = match addresses::publish(app, &moved).await {
        Ok(generation) => Ok(generation),
        Err(_) => addresses::publish(app, &moved).await,
    };
    let generation =
        published.map_err(|error| status::unavailable("ROUTER_AWAY", service::chain(&error)))?;
    let moved = i32::try_from(moved.len()).unwrap_or(i32::MAX);
    Ok(v1::RefreshRoutesResponse { generation, moved })
}

fn wire_repair(repair: &Repair) -> v1::Repair {
    let kind = match repair.kind {
        Kind::Replace => v1::repair::Kind::Replace,
        Kind::Restart => v1::repair::Kind::Restart,
    };
    v1::Repair {
        uid: repair.id.to_string(),
        kind: kind.into(),
        instance: repair.instance.to_string(),
        successor: repair.successor.to_string(),
        ended: repair.ended_at.is_some(),
        reason: repair.reason.clone().unwrap_or_default(),
        message: repair.message.clone(),
        start_time: Some(proto::time::timestamp(repair.created_at)),
        end_time: repair.ended_at.map(proto::time::timestamp),
    }
}
