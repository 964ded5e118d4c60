//! `AppService`: who asks and the answer; what happens is in `apps`, `changes`, `ci`, `models` and
//! `deliveries`.

use super::{apps, changes, ci, deliveries, models};
use crate::app::App;
use proto::v1::app_service_server::AppService;
use proto::v1::{
    CreateAppRequest, CreateAppResponse, CreateChangeRequest, CreateChangeResponse,
    DeleteAppRequest, DeleteAppResponse, GetAppRequest, GetAppResponse, GetCiRequest,
    GetCiResponse, GetDeliveryRequest, GetDeliveryResponse, ListAppsRequest, ListAppsResponse,
    ListChangesRequest, ListChangesResponse, ListDeliveriesRequest, ListDeliveriesResponse,
    PublishModelRequest, PublishModelResponse, ReplayDeliveryRequest, ReplayDeliveryResponse,
    RotateWebhookSecretRequest, RotateWebhookSecretResponse, UpdateAppRequest, UpdateAppResponse,
};
use service::principal::Principal;
use tonic::{Request, Response, Status, Streaming};

/// `AppService`.
#[derive(Debug, Clone)]
pub(crate) struct AppApi(pub App);

macro_rules! answered_by {
    ($($method:ident($request:ident) -> $response:ident = $function:path;)*) => {
        #[tonic::async_trait]
        impl AppService for AppApi {
            $(async fn $method(
                &self,
                request: Request<$request>,
            ) -> Result<Response<$response>, Status> {
                let principal = Principal::of(&request)?;
                $function(&self.0, &principal, request.into_inner()).await.map(Response::new)
            })*

            async fn publish_model(
                &self,
                request: Request<Streaming<PublishModelRequest>>,
            ) -> Result<Response<PublishModelResponse>, Status> {
                models::publish(&self.0, request).await.map(Response::new)
            }
        }
    };
}

answered_by! {
    list_apps(ListAppsRequest) -> ListAppsResponse = apps::list;
    get_app(GetAppRequest) -> GetAppResponse = apps::get;
    create_app(CreateAppRequest) -> CreateAppResponse = apps::create;
    update_app(UpdateAppRequest) -> UpdateAppResponse = apps::update;
    delete_app(DeleteAppRequest) -> DeleteAppResponse = apps::delete;
    rotate_webhook_secret(RotateWebhookSecretRequest) -> RotateWebhookSecretResponse = apps::rotate;
    create_change(CreateChangeRequest) -> CreateChangeResponse = changes::create;
    list_changes(ListChangesRequest) -> ListChangesResponse = changes::list;
    get_ci(GetCiRequest) -> GetCiResponse = ci::get;
    list_deliveries(ListDeliveriesRequest) -> ListDeliveriesResponse = deliveries::list;
    get_delivery(GetDeliveryRequest) -> GetDeliveryResponse = deliveries::get;
    replay_delivery(ReplayDeliveryRequest) -> ReplayDeliveryResponse = deliveries::replay;
}
