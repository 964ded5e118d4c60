//! The owner of containers: the deployer, asked for what only it may say and do.

use crate::fields::Fields;
use crate::place::Place;
use bollard::models::ContainerCreateBody;
use events::{InstanceId, ReleaseId};
use proto::v1;
use proto::v1::instance_service_client::InstanceServiceClient;
use service::internal::Internal;
use service::principal::Principal;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

/// A question of liveness takes as long as its probe may, and a moment.
const PROBE: Duration = Duration::from_mins(2);

/// The deployer did not do it.
#[derive(Debug, thiserror::Error)]
#[error("ask the deployer to {call}")]
pub(crate) struct OwnerError {
    call: &'static str,
    source: Box<Status>,
}

impl OwnerError {
    /// It said no; it did not fail to answer.
    pub(crate) fn refusal(&self) -> Option<String> {
        let refused = matches!(
            self.source.code(),
            Code::FailedPrecondition | Code::NotFound | Code::InvalidArgument | Code::Unimplemented
        );
        let reason = service::grpc::status::reason(&self.source);
        refused.then(|| reason.unwrap_or_else(|| "REFUSED".to_owned()))
    }

    /// What it said.
    pub(crate) fn message(&self) -> &str {
        self.source.message()
    }

    /// What it said, for who asked us.
    pub(crate) fn into_status(self) -> Status {
        *self.source
    }
}

fn failed(call: &'static str) -> impl Fn(Status) -> OwnerError {
    move |status| OwnerError { call, source: Box::new(status) }
}

/// The deployer, asked by gRPC.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    client: InstanceServiceClient<Channel>,
    internal: Internal,
}

impl Owner {
    /// The deployer at the end of `channel`.
    pub(crate) fn new(channel: Channel, internal: Internal) -> Self {
        Self { client: InstanceServiceClient::new(channel), internal }
    }

    /// What the engine was told to make for `release`.
    pub(crate) async fn describe(
        &self,
        release: ReleaseId,
        fingerprint_key: &[u8],
    ) -> Result<Vec<(InstanceId, Fields)>, OwnerError> {
        let name = format!("releases/{release}");
        let message =
            v1::DescribeInstancesRequest { name, fingerprint_key: fingerprint_key.to_vec() };
        let answer = self.client.clone().describe_instances(self.internal.request(message)).await;
        let answer = answer.map_err(failed("describe instances"))?.into_inner();
        let read = |spec: v1::InstanceSpec| {
            let body: ContainerCreateBody = serde_json::from_str(&spec.engine_json).ok()?;
            Some((spec.uid.parse().ok()?, Fields::of_body(body)))
        };
        Ok(answer.instances.into_iter().filter_map(read).collect())
    }

    /// Asks an instance once whether it lives.
    pub(crate) async fn probe(
        &self,
        release: ReleaseId,
        instance: InstanceId,
    ) -> Result<v1::ProbeInstanceResponse, OwnerError> {
        let (release, instance) = (format!("releases/{release}"), instance.to_string());
        let mut request = self.internal.request(v1::ProbeInstanceRequest { release, instance });
        request.set_timeout(PROBE);
        let answer = self.client.clone().probe_instance(request).await;
        Ok(answer.map_err(failed("probe an instance"))?.into_inner())
    }

    /// Begins a repair.
    pub(crate) async fn repair(
        &self,
        message: v1::RepairInstanceRequest,
    ) -> Result<(), OwnerError> {
        let answer = self.client.clone().repair_instance(self.internal.request(message)).await;
        answer.map(drop).map_err(failed("repair an instance"))
    }

    /// What became of a repair; nothing when it never began.
    pub(crate) async fn repaired(&self, id: Uuid) -> Result<Option<v1::Repair>, OwnerError> {
        let request = self.internal.request(v1::GetRepairRequest { name: format!("repairs/{id}") });
        match self.client.clone().get_repair(request).await {
            Ok(answer) => Ok(answer.into_inner().repair),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(failed("tell of a repair")(status)),
        }
    }

    /// Gives the router its table again.
    pub(crate) async fn refresh_routes(&self, place: &Place) -> Result<(), OwnerError> {
        let request = self.internal.request(v1::RefreshRoutesRequest { name: place.name() });
        let answer = self.client.clone().refresh_routes(request).await;
        answer.map(drop).map_err(failed("refresh routes"))
    }

    /// Makes a release of what runs, on behalf of somebody.
    pub(crate) async fn adopt(
        &self,
        principal: &Principal,
        place: &Place,
        request_id: String,
    ) -> Result<v1::AdoptInstancesResponse, OwnerError> {
        let message = v1::AdoptInstancesRequest { name: place.name(), request_id };
        let request = self.internal.request_of(principal, message);
        let answer = self.client.clone().adopt_instances(request).await;
        Ok(answer.map_err(failed("adopt what runs"))?.into_inner())
    }
}
