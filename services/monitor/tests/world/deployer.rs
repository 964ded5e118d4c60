//! A deployer that says what the test wants.

use events::{InstanceId, ReleaseId};
use proto::v1::release_service_server::ReleaseService;
use proto::v1::{self, Release, ReleasedService};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_stream::Empty;
use tonic::{Request, Response, Status};

pub(crate) struct FakeDeployer {
    pub(crate) release: ReleaseId,
    pub(crate) instance: InstanceId,
    live: Mutex<Release>,
    moving: Mutex<Option<Release>>,
    silent: AtomicBool,
}

impl Default for FakeDeployer {
    fn default() -> Self {
        Self {
            release: ReleaseId::new(service::new_id()),
            instance: InstanceId::new(service::new_id()),
            live: Mutex::default(),
            moving: Mutex::default(),
            silent: AtomicBool::new(false),
        }
    }
}

impl FakeDeployer {
    /// The one release is live, with this container.
    pub(crate) fn goes_live(&self, container_id: &str, container_name: &str, digest: &str) {
        let instance = v1::Instance {
            uid: self.instance.to_string(),
            service: "api".to_owned(),
            container_id: container_id.to_owned(),
            container_name: container_name.to_owned(),
            state: "ready".to_owned(),
            ..v1::Instance::default()
        };
        let api = ReleasedService {
            service: "api".to_owned(),
            image: Some(v1::Image { digest: digest.to_owned(), ..v1::Image::default() }),
            instances: vec![instance],
            ..ReleasedService::default()
        };
        let uid = self.release.to_string();
        *self.live.lock().expect("whole") =
            Release { uid, number: 7, services: vec![api], ..Release::default() };
    }

    /// A release begins to move, or does not move any more.
    pub(crate) fn moves(&self, state: Option<v1::release::State>) {
        let moving =
            |state: v1::release::State| Release { state: state.into(), ..Release::default() };
        *self.moving.lock().expect("whole") = state.map(moving);
    }

    /// Does not answer any more.
    pub(crate) fn silent(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    fn speaks(&self) -> Result<(), Status> {
        let silent = self.silent.load(Ordering::Relaxed);
        if silent { Err(Status::unavailable("away")) } else { Ok(()) }
    }

    fn environment(&self) -> v1::Environment {
        let uid = self.release.to_string();
        v1::Environment {
            name: super::PLACE.to_owned(),
            live: Some(Release { uid, ..Release::default() }),
            moving: self.moving.lock().expect("whole").clone(),
            ..v1::Environment::default()
        }
    }
}

/// The calls a monitor makes, and a refusal of all others.
macro_rules! serve {
    (refuses { $($call:ident($asked:ident) -> $answer:ident),* $(,)? } $($answered:tt)*) => {
        #[tonic::async_trait]
        impl ReleaseService for FakeDeployer {
            $(async fn $call(&self, _: Request<v1::$asked>) -> Result<Response<v1::$answer>, Status> {
                Err(Status::unimplemented("the monitor does not call this"))
            })*
            $($answered)*
        }
    };
}

serve! {
    refuses {
        set_traffic(SetTrafficRequest) -> SetTrafficResponse,
        list_releases(ListReleasesRequest) -> ListReleasesResponse,
        create_release(CreateReleaseRequest) -> CreateReleaseResponse,
        cancel_release(CancelReleaseRequest) -> CancelReleaseResponse,
        promote_release(PromoteReleaseRequest) -> PromoteReleaseResponse,
        promote_environment(PromoteEnvironmentRequest) -> PromoteEnvironmentResponse,
        approve_release(ApproveReleaseRequest) -> ApproveReleaseResponse,
        refuse_release(RefuseReleaseRequest) -> RefuseReleaseResponse,
        get_candidate(GetCandidateRequest) -> GetCandidateResponse,
        rollback_environment(RollbackEnvironmentRequest) -> RollbackEnvironmentResponse,
        remove_app(RemoveAppRequest) -> RemoveAppResponse,
        list_used_images(ListUsedImagesRequest) -> ListUsedImagesResponse,
        collect_releases(CollectReleasesRequest) -> CollectReleasesResponse,
        unpin_release(UnpinReleaseRequest) -> UnpinReleaseResponse,
    }

    type WatchReleasesStream = Empty<Result<v1::WatchReleasesResponse, Status>>;
    type WatchLogsStream = Empty<Result<v1::WatchLogsResponse, Status>>;

    async fn list_environments(
        &self,
        _: Request<v1::ListEnvironmentsRequest>,
    ) -> Result<Response<v1::ListEnvironmentsResponse>, Status> {
        self.speaks()?;
        let environments = vec![self.environment()];
        let next_page_token = String::new();
        Ok(Response::new(v1::ListEnvironmentsResponse { environments, next_page_token }))
    }

    async fn get_environment(
        &self,
        request: Request<v1::GetEnvironmentRequest>,
    ) -> Result<Response<v1::GetEnvironmentResponse>, Status> {
        self.speaks()?;
        if request.get_ref().name != super::PLACE {
            return Err(Status::not_found("no such environment"));
        }
        let environment = Some(self.environment());
        Ok(Response::new(v1::GetEnvironmentResponse { environment }))
    }

    async fn get_release(
        &self,
        request: Request<v1::GetReleaseRequest>,
    ) -> Result<Response<v1::GetReleaseResponse>, Status> {
        self.speaks()?;
        if request.get_ref().name != format!("releases/{}", self.release) {
            return Err(Status::not_found("no such release"));
        }
        let release = Some(self.live.lock().expect("whole").clone());
        Ok(Response::new(v1::GetReleaseResponse { release, ..v1::GetReleaseResponse::default() }))
    }


    async fn watch_releases(
        &self,
        _: Request<v1::WatchReleasesRequest>,
    ) -> Result<Response<Self::WatchReleasesStream>, Status> {
        Err(Status::unimplemented("the monitor does not call this"))
    }

    async fn watch_logs(
        &self,
        _: Request<v1::WatchLogsRequest>,
    ) -> Result<Response<Self::WatchLogsStream>, Status> {
        Err(Status::unimplemented("the monitor does not call this"))
    }
}
