//! The changes of releases, each with the token that resumes after it.

use super::Resumable;
use crate::client::Authorised;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{WatchReleasesRequest, WatchReleasesResponse};
use tonic::{Request, Response, Status, Streaming};

/// The changes of releases. They never end.
#[derive(Debug)]
pub(crate) struct Releases(pub(crate) WatchReleasesRequest);

impl Resumable for Releases {
    type Question = WatchReleasesRequest;
    type Answer = WatchReleasesResponse;

    async fn call(
        channel: Authorised,
        request: Request<WatchReleasesRequest>,
    ) -> Result<Response<Streaming<WatchReleasesResponse>>, Status> {
        ReleaseServiceClient::new(channel).watch_releases(request).await
    }

    fn question(&mut self) -> WatchReleasesRequest {
        self.0.clone()
    }

    fn is_new(&mut self, answer: &WatchReleasesResponse) -> bool {
        self.0.resume_token.clone_from(&answer.resume_token);
        answer.release.is_some()
    }

    fn ends(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::Release;

    #[test]
    fn it_goes_on_after_the_token_of_the_last_answer() {
        let mut releases = Releases(WatchReleasesRequest::default());
        let resume_token = "17".to_owned();
        let heartbeat = WatchReleasesResponse { release: None, resume_token };
        assert!(!releases.is_new(&heartbeat));
        assert_eq!(releases.question().resume_token, "17");
        let release = Some(Release::default());
        assert!(releases.is_new(&WatchReleasesResponse { release, ..heartbeat }));
    }
}
