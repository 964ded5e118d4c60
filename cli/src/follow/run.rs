//! A run of a job: each stream begins with its first line again, so lines are counted.

use super::Resumable;
use crate::client::Authorised;
use proto::v1::job_service_client::JobServiceClient;
use proto::v1::{WatchRunRequest, WatchRunResponse};
use tonic::{Request, Response, Status, Streaming};

/// What a run is and writes. That it has ended is what its last answer says.
#[derive(Debug)]
pub(crate) struct Run {
    question: WatchRunRequest,
    /// How it was when it was told last.
    told: Option<proto::v1::Run>,
    /// How many lines were told, and how many came on the stream there is.
    told_lines: usize,
    lines: usize,
}

impl Run {
    /// The run of this name.
    pub(crate) fn named(name: String) -> Self {
        Self { question: WatchRunRequest { name }, told: None, told_lines: 0, lines: 0 }
    }
}

impl Resumable for Run {
    type Question = WatchRunRequest;
    type Answer = WatchRunResponse;

    async fn call(
        channel: Authorised,
        request: Request<WatchRunRequest>,
    ) -> Result<Response<Streaming<WatchRunResponse>>, Status> {
        JobServiceClient::new(channel).watch_run(request).await
    }

    fn question(&mut self) -> WatchRunRequest {
        self.lines = 0;
        self.question.clone()
    }

    fn is_new(&mut self, answer: &WatchRunResponse) -> bool {
        if answer.run.is_some() {
            let before = std::mem::replace(&mut self.told, answer.run.clone());
            return before != self.told;
        }
        self.lines += 1;
        let is_new = self.lines > self.told_lines;
        self.told_lines = self.told_lines.max(self.lines);
        is_new
    }

    fn ends(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str) -> WatchRunResponse {
        WatchRunResponse { line: line.to_owned(), ..Default::default() }
    }

    #[test]
    fn what_comes_again_on_the_next_stream_is_not_new() {
        let mut run = Run::named("runs/7".to_owned());
        let state = WatchRunResponse { run: Some(proto::v1::Run::default()), ..line("") };
        let first = [state.clone(), line("one"), line("one"), line("two")];
        run.question();
        assert!(first.iter().all(|answer| run.is_new(answer)));
        run.question();
        assert!(!first.iter().any(|answer| run.is_new(answer)));
        assert!(run.is_new(&line("three")));
        let ended = proto::v1::Run { exit_code: Some(1), ..Default::default() };
        assert!(run.is_new(&WatchRunResponse { run: Some(ended), ..line("") }));
    }
}
