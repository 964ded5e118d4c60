//! The control of the data plane: sets and reads the table.

use crate::app::App;
use crate::plane::ApplyError;
use crate::store::StoreError;
use crate::table::InvalidTable;
use crate::way_back::NoWayBack;
use events::InstanceId;
use proto::v1::router_service_server::RouterService;
use proto::v1::{
    ApplyTableRequest, ApplyTableResponse, AwaitDrainedRequest, AwaitDrainedResponse,
    ClearLocalRollbackRequest, ClearLocalRollbackResponse, GetStatsRequest, GetStatsResponse,
    GetTableRequest, GetTableResponse, LocalRollback, RollBackLocallyRequest,
    RollBackLocallyResponse,
};
use service::grpc::status;
use service::principal::{Principal, Role};
use std::time::Duration;
use tonic::{Request, Response, Status};

/// How long draining is awaited when the call does not say.
const DRAIN: Duration = Duration::from_secs(30);

#[tonic::async_trait]
impl RouterService for App {
    async fn apply_table(
        &self,
        request: Request<ApplyTableRequest>,
    ) -> Result<Response<ApplyTableResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let table = request.into_inner().table;
        let table = table.ok_or_else(|| status::invalid("table", "must be set"))?;
        let applied = self.plane.apply(table).await.map_err(refused)?;
        self.report_saved(applied.saved);
        Ok(Response::new(ApplyTableResponse { generation: applied.generation }))
    }

    async fn get_table(
        &self,
        request: Request<GetTableRequest>,
    ) -> Result<Response<GetTableResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let mut table = self.plane.applied().await;
        table.routes.iter_mut().for_each(|route| route.candidate_token.clear());
        Ok(Response::new(GetTableResponse { table: Some(table) }))
    }

    async fn get_stats(
        &self,
        request: Request<GetStatsRequest>,
    ) -> Result<Response<GetStatsResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let route = request.into_inner().route;
        let mut ledger = self.plane.ledger();
        let answer = GetStatsResponse {
            releases: ledger.release_stats(&route),
            instances: ledger.instance_stats(),
            start_time: Some(proto::time::timestamp(self.started)),
            generation: self.plane.live().table.generation,
            routes: ledger.route_stats(&route),
            shadows: ledger.shadow_stats(&route),
            predictions: self.samples.predictions(&self.plane.live().table),
        };
        Ok(Response::new(answer))
    }

    async fn await_drained(
        &self,
        request: Request<AwaitDrainedRequest>,
    ) -> Result<Response<AwaitDrainedResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let request = request.into_inner();
        let timeout = request.timeout.as_ref().map(proto::time::from_duration);
        let timeout = timeout.unwrap_or(Some(DRAIN));
        let timeout = timeout.ok_or_else(|| status::invalid("timeout", "must not be negative"))?;
        let parsed: Result<Vec<InstanceId>, _> =
            request.instances.iter().map(|id| id.parse()).collect();
        let ids = parsed.map_err(|_| status::invalid("instances", "must be uids of instances"))?;
        let remaining = self.plane.await_drained(&ids, timeout).await;
        Ok(Response::new(AwaitDrainedResponse { remaining }))
    }

    async fn roll_back_locally(
        &self,
        request: Request<RollBackLocallyRequest>,
    ) -> Result<Response<RollBackLocallyResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let RollBackLocallyRequest { environment, by, reason, confirm_irreversible } =
            request.into_inner();
        let wanted = LocalRollback {
            uid: service::new_id().to_string(),
            environment,
            release: String::new(),
            by,
            reason,
            create_time: Some(proto::time::timestamp(self.clock.now())),
        };
        let rolled_back = self.plane.roll_back(wanted, confirm_irreversible).await;
        let (rollback, saved) = rolled_back.map_err(|error| no_way_back(&error))?;
        tracing::warn!(
            slipway.environment = rollback.environment,
            release.id = rollback.release,
            by = rollback.by,
            reason = rollback.reason,
            "rolled back here, without the platform",
        );
        self.report_saved(saved);
        Ok(Response::new(RollBackLocallyResponse { local_rollback: Some(rollback) }))
    }

    async fn clear_local_rollback(
        &self,
        request: Request<ClearLocalRollbackRequest>,
    ) -> Result<Response<ClearLocalRollbackResponse>, Status> {
        Principal::of(&request)?.require(Role::Admin, None, None)?;
        let saved = self.plane.clear(&request.into_inner().uid).await;
        self.report_saved(saved);
        Ok(Response::new(ClearLocalRollbackResponse {}))
    }
}

impl App {
    /// A disk that cannot be written to is told, and does not keep a table from being in force.
    fn report_saved(&self, saved: Result<(), StoreError>) {
        self.health.report("table on disk", saved.map_err(|error| service::chain(&error)));
    }
}

fn no_way_back(error: &NoWayBack) -> Status {
    let reason = match error {
        NoWayBack::Unknown { .. } => "NO_ROUTES",
        NoWayBack::NothingWarm { .. } => "NOTHING_WARM",
        NoWayBack::Irreversible { .. } => "IRREVERSIBLE",
    };
    status::precondition(reason, error.to_string())
}

fn refused(error: ApplyError) -> Status {
    match error {
        ApplyError::Invalid(InvalidTable(violations)) => {
            let fields = violations
                .into_iter()
                .map(|wrong| (format!("table.{}", wrong.field), wrong.message));
            status::invalid_fields(fields)
        }
        ApplyError::Stale { .. } => status::precondition("STALE_GENERATION", error.to_string()),
        ApplyError::Reused(_) => status::precondition("GENERATION_REUSED", error.to_string()),
        ApplyError::RolledBack { .. } => {
            status::precondition("ROLLED_BACK_LOCALLY", error.to_string())
        }
    }
}
