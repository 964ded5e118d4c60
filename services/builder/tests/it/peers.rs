//! The gateway and the deployer, as far as the builder asks them.

use parking_lot::Mutex;
use proto::v1::app_service_server::{AppService, AppServiceServer};
use proto::v1::secret_service_server::{SecretService, SecretServiceServer};
use proto::v1::{
    App, CreateAppRequest, CreateAppResponse, CreateChangeRequest, CreateChangeResponse,
    DeleteAppRequest, DeleteAppResponse, DeleteSecretRequest, DeleteSecretResponse, GetAppRequest,
    GetAppResponse, GetCiRequest, GetCiResponse, GetDeliveryRequest, GetDeliveryResponse,
    ListAppsRequest, ListAppsResponse, ListChangesRequest, ListChangesResponse,
    ListDeliveriesRequest, ListDeliveriesResponse, ListSecretsRequest, ListSecretsResponse,
    PublishModelRequest, PublishModelResponse, ReplayDeliveryRequest, ReplayDeliveryResponse,
    RevealSecretsRequest, RevealSecretsResponse, RotateWebhookSecretRequest,
    RotateWebhookSecretResponse, SetSecretRequest, SetSecretResponse, UpdateAppRequest,
    UpdateAppResponse,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

/// What they know. Clones know the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peers {
    pub(crate) apps: Arc<Mutex<HashMap<String, App>>>,
    pub(crate) secrets: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Peers {
    /// Serves both at one address.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = tonic::transport::Server::builder()
            .add_service(AppServiceServer::new(self.clone()))
            .add_service(SecretServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        address
    }
}

macro_rules! not_asked {
    ($($method:ident: $request:ty => $response:ty;)*) => {
        $(
            fn $method<'life0, 'async_trait>(
                &'life0 self,
                _: Request<$request>,
            ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<$response>, Status>> + Send + 'async_trait>>
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                Box::pin(async { Err(Status::unimplemented("the builder does not ask this")) })
            }
        )*
    };
}

#[tonic::async_trait]
impl AppService for Peers {
    async fn get_app(
        &self,
        request: Request<GetAppRequest>,
    ) -> Result<Response<GetAppResponse>, Status> {
        let app = self.apps.lock().get(&request.into_inner().name).cloned();
        let app = app.ok_or_else(|| Status::not_found("there is no such app"))?;
        Ok(Response::new(GetAppResponse { app: Some(app) }))
    }

    not_asked! {
        list_apps: ListAppsRequest => ListAppsResponse;
        create_app: CreateAppRequest => CreateAppResponse;
        update_app: UpdateAppRequest => UpdateAppResponse;
        delete_app: DeleteAppRequest => DeleteAppResponse;
        rotate_webhook_secret: RotateWebhookSecretRequest => RotateWebhookSecretResponse;
        create_change: CreateChangeRequest => CreateChangeResponse;
        list_changes: ListChangesRequest => ListChangesResponse;
        list_deliveries: ListDeliveriesRequest => ListDeliveriesResponse;
        get_ci: GetCiRequest => GetCiResponse;
        get_delivery: GetDeliveryRequest => GetDeliveryResponse;
        publish_model: Streaming<PublishModelRequest> => PublishModelResponse;
        replay_delivery: ReplayDeliveryRequest => ReplayDeliveryResponse;
    }
}

#[tonic::async_trait]
impl SecretService for Peers {
    async fn reveal_secrets(
        &self,
        request: Request<RevealSecretsRequest>,
    ) -> Result<Response<RevealSecretsResponse>, Status> {
        let known = self.secrets.lock();
        let wanted = request.into_inner().secrets.into_iter();
        let values =
            wanted.filter_map(|name| Some((name.clone(), known.get(&name)?.clone()))).collect();
        Ok(Response::new(RevealSecretsResponse { values }))
    }

    not_asked! {
        list_secrets: ListSecretsRequest => ListSecretsResponse;
        set_secret: SetSecretRequest => SetSecretResponse;
        delete_secret: DeleteSecretRequest => DeleteSecretResponse;
    }
}
