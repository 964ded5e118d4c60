//! The log of a build, by the numbers of its lines.

use super::Resumable;
use crate::client::Authorised;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::{WatchBuildLogRequest, WatchBuildLogResponse};
use tonic::{Request, Response, Status, Streaming};

/// The log of a build, to its end when it is followed.
#[derive(Debug)]
pub(crate) struct BuildLog(pub(crate) WatchBuildLogRequest);

impl Resumable for BuildLog {
    type Question = WatchBuildLogRequest;
    type Answer = WatchBuildLogResponse;

    async fn call(
        channel: Authorised,
        request: Request<WatchBuildLogRequest>,
    ) -> Result<Response<Streaming<WatchBuildLogResponse>>, Status> {
        BuildServiceClient::new(channel).watch_build_log(request).await
    }

    fn question(&mut self) -> WatchBuildLogRequest {
        self.0.clone()
    }

    fn is_new(&mut self, answer: &WatchBuildLogResponse) -> bool {
        let lines = i64::try_from(answer.lines.len()).unwrap_or(i64::MAX);
        self.0.offset = answer.offset.saturating_add(lines);
        lines > 0
    }

    fn ends(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_with_the_line_after_the_last() {
        let mut log = BuildLog(WatchBuildLogRequest::default());
        let lines = vec!["one".to_owned(), "two".to_owned()];
        assert!(log.is_new(&WatchBuildLogResponse { offset: 40, lines }));
        assert_eq!(log.question().offset, 42);
    }
}
