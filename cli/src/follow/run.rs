//! A run of a job. Each stream begins with its first line again, so lines are counted; but of a run that is over only the
//! last lines may be kept, and those of them that were told are known by their text.

use super::Resumable;
use crate::client::Authorised;
use proto::v1::job_service_client::JobServiceClient;
use proto::v1::{WatchRunRequest, WatchRunResponse};
use std::collections::VecDeque;
use tonic::{Request, Response, Status, Streaming};

/// How many told lines are remembered: as many as are kept of a run.
const REMEMBERED: usize = 500;

/// What a run is and writes. That it has ended is what its last answer says.
#[derive(Debug)]
pub(crate) struct Run {
    question: WatchRunRequest,
    /// How it was when it was told last.
    told: Option<proto::v1::Run>,
    /// How many lines were told, and how many came on the stream there is.
    told_lines: usize,
    lines: usize,
    /// The last lines that were told.
    last: VecDeque<String>,
    /// Those that are kept, as far as they came on the stream there is.
    kept: Vec<WatchRunResponse>,
    /// What is to be told once all of these are there.
    held: VecDeque<WatchRunResponse>,
}

impl Run {
    /// The run of this name.
    pub(crate) fn named(name: String) -> Self {
        Self {
            question: WatchRunRequest { name },
            told: None,
            told_lines: 0,
            lines: 0,
            last: VecDeque::new(),
            kept: Vec::new(),
            held: VecDeque::new(),
        }
    }

    fn is_new_state(&mut self, answer: &WatchRunResponse) -> bool {
        let before = std::mem::replace(&mut self.told, answer.run.clone());
        let is_new = before != self.told;
        let kept = std::mem::take(&mut self.kept);
        let again = told_again(&self.last, &kept);
        self.held.extend(kept.into_iter().skip(again));
        if self.held.is_empty() {
            return is_new;
        }
        // How it ended is told after what it wrote.
        self.held.extend(is_new.then(|| answer.clone()));
        false
    }

    fn is_new_line(&mut self, line: &str) -> bool {
        self.lines += 1;
        if self.lines <= self.told_lines {
            return false;
        }
        self.told_lines = self.lines;
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
        true
    }
}

/// How many of the kept lines were told: the longest beginning of them that is an end of what was told.
fn told_again(last: &VecDeque<String>, kept: &[WatchRunResponse]) -> usize {
    let is_end = |count: &usize| {
        let end = last.iter().skip(last.len() - count);
        end.eq(kept[..*count].iter().map(|answer| &answer.line))
    };
    (0..=last.len().min(kept.len())).rev().find(is_end).unwrap_or_default()
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
        self.kept.clear();
        self.question.clone()
    }

    fn is_new(&mut self, answer: &WatchRunResponse) -> bool {
        if answer.run.is_some() {
            return self.is_new_state(answer);
        }
        if answer.kept {
            self.kept.push(answer.clone());
            return false;
        }
        self.is_new_line(&answer.line)
    }

    fn held(&mut self) -> Option<WatchRunResponse> {
        self.held.pop_front()
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

    fn kept(text: &str) -> WatchRunResponse {
        WatchRunResponse { kept: true, ..line(text) }
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

    #[test]
    fn what_is_kept_of_a_run_that_ended_meanwhile_goes_on_after_what_was_told() {
        let mut run = Run::named("runs/7".to_owned());
        run.question();
        assert!(["one", "two", "three"].iter().all(|text| run.is_new(&line(text))));
        run.question();
        assert!(!run.is_new(&kept("two")), "this stream breaks");
        run.question();
        assert!(!["two", "three", "four", "five"].iter().any(|text| run.is_new(&kept(text))));
        let state = proto::v1::Run { exit_code: Some(1), ..Default::default() };
        let ended = WatchRunResponse { run: Some(state), ..Default::default() };
        assert!(!run.is_new(&ended), "not before the lines");
        let held: Vec<WatchRunResponse> = std::iter::from_fn(|| run.held()).collect();
        assert_eq!(held, [kept("four"), kept("five"), ended]);
    }

    #[test]
    fn the_end_of_a_run_is_new_when_all_its_lines_were_told() {
        let mut run = Run::named("runs/7".to_owned());
        assert!(run.is_new(&line("one")));
        run.question();
        assert!(!run.is_new(&kept("one")));
        let state = Some(proto::v1::Run::default());
        assert!(run.is_new(&WatchRunResponse { run: state, ..Default::default() }));
        assert_eq!(run.held(), None);
    }

    #[test]
    fn the_longest_beginning_that_ends_what_was_told_comes_again() {
        let again = |last: &[&str], lines: &[&str]| {
            let last: VecDeque<String> = last.iter().map(|text| (*text).to_owned()).collect();
            let lines: Vec<WatchRunResponse> = lines.iter().map(|text| kept(text)).collect();
            told_again(&last, &lines)
        };
        assert_eq!(again(&["a", "b", "b"], &["b", "b", "c"]), 2);
        assert_eq!(again(&["a", "b"], &["a", "b", "a", "b"]), 2);
        assert_eq!(again(&["a", "b", "c"], &["b", "c"]), 2);
        assert_eq!(again(&["a", "b"], &["a", "c"]), 0);
        assert_eq!((again(&[], &["a"]), again(&["a"], &[])), (0, 0));
    }

    #[test]
    fn no_more_is_remembered_than_is_kept() {
        let mut run = Run::named("runs/7".to_owned());
        assert!((0..=REMEMBERED).all(|n| run.is_new(&line(&n.to_string()))));
        assert_eq!((run.last.len(), run.last[0].as_str()), (REMEMBERED, "1"));
    }
}
