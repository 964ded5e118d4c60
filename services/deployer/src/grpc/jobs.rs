//! `slipway.v1.JobService`

use super::executions::{self, show};
use super::name::{self, Scope, environment as environment_name};
use super::read::database;
use super::{Jobs, retrain, run_job, watch_run};
use crate::db::list::{self, Seen, Wanted};
use crate::db::{release, run, timetable};
use events::{JobName, RunId};
use manifest::Job;
use proto::v1::job_service_server::JobService;
use proto::v1::{
    GetRunRequest, GetRunResponse, ListJobsRequest, ListJobsResponse, ListRunsRequest,
    ListRunsResponse, RestoreModelRequest, RestoreModelResponse, RetrainRequest, RetrainResponse,
    RunJobRequest, RunJobResponse, WatchRunRequest,
};
use service::grpc::page::Page;
use service::principal::{Principal, Role};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

#[async_trait]
impl JobService for Jobs {
    type WatchRunStream = watch_run::Answers;

    async fn list_jobs(
        &self,
        request: Request<ListJobsRequest>,
    ) -> Result<Response<ListJobsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let place = environment_name("parent", &request.into_inner().parent)?;
        principal.require(Role::Viewer, Some(&place.0), Some(&place.1))?;
        let live = release::live(&self.0.pool, (&place.0, &place.1)).await.map_err(database)?;
        let live = match live {
            Some(id) => release::get(&self.0.pool, id).await.map_err(database)?,
            None => None,
        };
        let times = timetable::of(&self.0.pool, (&place.0, &place.1)).await.map_err(database)?;
        let next = |name: &JobName| times.iter().find(|it| it.job == *name)?.next_at;
        let show = |(name, job): (&JobName, &Job)| proto::v1::Job {
            name: proto::name::job(&place.0, &place.1, name),
            app: place.0.to_string(),
            environment: place.1.to_string(),
            job: name.to_string(),
            at: job.at.to_string(),
            schedule: job.schedule.as_ref().map(ToString::to_string).unwrap_or_default(),
            timezone: job.timezone.as_ref().map(ToString::to_string).unwrap_or_default(),
            next_time: next(name).map(proto::time::timestamp),
        };
        let jobs = live.iter().flat_map(|live| &live.content.resolved.jobs).map(show).collect();
        Ok(Response::new(ListJobsResponse { jobs }))
    }

    async fn run_job(
        &self,
        request: Request<RunJobRequest>,
    ) -> Result<Response<RunJobResponse>, Status> {
        run_job::run(&self.0, request).await.map(Response::new)
    }

    async fn retrain(
        &self,
        request: Request<RetrainRequest>,
    ) -> Result<Response<RetrainResponse>, Status> {
        retrain::run(&self.0, request).await.map(Response::new)
    }

    async fn restore_model(
        &self,
        request: Request<RestoreModelRequest>,
    ) -> Result<Response<RestoreModelResponse>, Status> {
        retrain::restore(&self.0, request).await.map(Response::new)
    }

    async fn list_runs(
        &self,
        request: Request<ListRunsRequest>,
    ) -> Result<Response<ListRunsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let scope = Scope::parse(&request.parent)?;
        let page: Page<Uuid> =
            Page::wanted(request.page_size, &request.page_token, &request.parent)?;
        let seen = Seen::of(&principal, (scope.app_text(), scope.environment_text()));
        let wanted = Wanted { after: page.after.map(RunId::new), ..Wanted::default() };
        let rows = list::executions(&self.0.pool, &seen, &wanted, page.limit()).await;
        let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.id);
        let runs = rows.into_iter().map(show).collect();
        Ok(Response::new(ListRunsResponse { runs, next_page_token }))
    }

    async fn get_run(
        &self,
        request: Request<GetRunRequest>,
    ) -> Result<Response<GetRunResponse>, Status> {
        let principal = Principal::of(&request)?;
        let id = name::run(&request.into_inner().name)?;
        let shown = executions::find(&self.0, &principal, id).await?;
        let kept = run::get(&self.0.pool, id).await.map_err(database)?;
        let log_lines = kept.map(|run| run.log_lines).unwrap_or_default();
        Ok(Response::new(GetRunResponse { run: Some(shown), log_lines }))
    }

    async fn watch_run(
        &self,
        request: Request<WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        watch_run::watch(&self.0, request).await.map(Response::new)
    }
}
