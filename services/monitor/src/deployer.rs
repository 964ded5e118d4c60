//! What the deployer says should be.

use crate::expected::{Environment, Live, Unreadable};
use crate::place::Place;
use crate::policy::Policy;
use events::ReleaseId;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{GetEnvironmentRequest, GetReleaseRequest, ListEnvironmentsRequest};
use service::internal::Internal;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Why the deployer did not say it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployerError {
    /// It does not answer, or refuses.
    #[error("ask the deployer for {what}")]
    Refused {
        /// What was asked for.
        what: String,
        /// The answer.
        source: Box<Status>,
    },
    /// The answer makes no sense.
    #[error("read the answer of the deployer about {what}")]
    Unreadable {
        /// What was asked for.
        what: String,
        /// What is wrong.
        source: Unreadable,
    },
}

/// The deployer, asked by gRPC.
#[derive(Debug, Clone)]
pub(crate) struct Deployer {
    client: ReleaseServiceClient<Channel>,
    internal: Internal,
}

fn refused(what: &str) -> impl FnOnce(Status) -> DeployerError {
    let what = what.to_owned();
    |status| DeployerError::Refused { what, source: Box::new(status) }
}

fn unreadable(what: &str) -> impl FnOnce(Unreadable) -> DeployerError {
    let what = what.to_owned();
    |source| DeployerError::Unreadable { what, source }
}

/// Nothing when there is no such thing.
fn there<T>(answer: Result<T, Status>) -> Result<Option<T>, Status> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

impl Deployer {
    /// The deployer at the end of `channel`.
    pub(crate) fn new(channel: Channel, internal: Internal) -> Self {
        Self { client: ReleaseServiceClient::new(channel), internal }
    }

    /// Every environment.
    pub(crate) async fn environments(&self) -> Result<Vec<Environment>, DeployerError> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let message =
                ListEnvironmentsRequest { page_token, ..ListEnvironmentsRequest::default() };
            let answer =
                self.client.clone().list_environments(self.internal.request(message)).await;
            let answer = answer.map_err(refused("environments"))?.into_inner();
            for environment in answer.environments {
                let what = environment.name.clone();
                all.push(environment.try_into().map_err(unreadable(&what))?);
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// One environment, if there is one.
    pub(crate) async fn environment(
        &self,
        place: &Place,
    ) -> Result<Option<Environment>, DeployerError> {
        let what = place.name();
        let request = self.internal.request(GetEnvironmentRequest { name: what.clone() });
        let answer = there(self.client.clone().get_environment(request).await);
        let Some(answer) = answer.map_err(refused(&what))? else { return Ok(None) };
        let environment = answer.into_inner().environment.map(Environment::try_from).transpose();
        environment.map_err(unreadable(&what))
    }

    /// A release and what should run for it, if there is such a release.
    pub(crate) async fn release(&self, release: ReleaseId) -> Result<Option<Live>, DeployerError> {
        let name = format!("releases/{release}");
        let request = self.internal.request(GetReleaseRequest { name: name.clone() });
        let answer = there(self.client.clone().get_release(request).await);
        let Some(answer) = answer.map_err(refused(&name))? else { return Ok(None) };
        let answer = answer.into_inner();
        let live = answer.release.map(Live::try_from).transpose().map_err(unreadable(&name))?;
        let policy = Policy::read(&answer.configuration);
        Ok(live.map(|live| Live { policy, ..live }))
    }
}
