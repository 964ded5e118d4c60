//! `WatchRun`: what a run is and writes, until it has ended; secrets hidden.

use super::read::database;
use super::{executions, name};
use crate::app::App;
use crate::db::run::Run;
use crate::db::{release, run};
use crate::docker::Since;
use crate::logs::{Source, follow};
use crate::member;
use ::release::MOST_LOG_LINES;
use events::{InstanceId, RunId};
use futures_util::{Stream, StreamExt};
use proto::v1::{WatchRunRequest, WatchRunResponse};
use service::grpc::status;
use service::principal::Principal;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

/// Longest pause between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Lines ahead of a slow reader; then the engine waits.
const AHEAD: usize = 256;

type Answer = Result<WatchRunResponse, Status>;
/// The answers of a watch.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Answer> + Send>>;

/// Tells of the run with this name until it has ended.
pub(super) async fn watch(app: &App, request: Request<WatchRunRequest>) -> Result<Answers, Status> {
    let principal = Principal::of(&request)?;
    let id = name::run(&request.into_inner().name)?;
    executions::find(app, &principal, id).await?;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(status) = tell(&app, id, &sender).await {
            // The client may be gone; then nobody needs to know.
            drop(sender.send(Err(status)).await);
        }
    });
    Ok(ReceiverStream::new(receiver).boxed())
}

async fn tell(app: &App, id: RunId, sender: &mpsc::Sender<Answer>) -> Result<(), Status> {
    let mut nudges = app.nudges.subscribe();
    let mut told = None;
    let mut followed = false;
    while !sender.is_closed() {
        let Some(shown) = executions::get(app, id).await? else { return Ok(()) };
        let known = run::get(&app.pool, id).await.map_err(database)?;
        let is_over = executions::is_over(&shown);
        if is_over && !followed {
            let lines = known.as_ref().map(|run| kept(&run.log_lines)).unwrap_or_default();
            for line in lines {
                send(sender, line).await;
            }
        }
        if told.as_ref() != Some(&shown) {
            send(sender, WatchRunResponse { run: Some(shown.clone()), ..Default::default() }).await;
            told = Some(shown);
        }
        if is_over {
            return Ok(());
        }
        if let Some(run) = known.filter(|_| !followed) {
            followed = follow_output(app, &run, sender).await?;
        }
        tokio::select! {
            () = sender.closed() => {}
            _ = nudges.recv() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

fn line_of(line: String, stderr: bool) -> WatchRunResponse {
    WatchRunResponse { line, stderr, ..Default::default() }
}

/// What is kept of the output of a run. Where that may not be all of it, its lines say so.
fn kept(lines: &[String]) -> Vec<WatchRunResponse> {
    let kept = lines.len() >= MOST_LOG_LINES;
    let line = |line: &String| WatchRunResponse { kept, ..line_of(line.clone(), false) };
    lines.iter().map(line).collect()
}

async fn send(sender: &mpsc::Sender<Answer>, answer: WatchRunResponse) {
    // A reader that went away is noticed by the loop.
    drop(sender.send(Ok(answer)).await);
}

/// Tells what its container writes, until that ends; true when anything was told.
async fn follow_output(
    app: &App,
    run: &Run,
    sender: &mpsc::Sender<Answer>,
) -> Result<bool, Status> {
    let Some(container_id) = run.container_id.clone() else { return Ok(false) };
    let found = release::get(&app.pool, run.release).await.map_err(database)?;
    let Some(release) = found else { return Ok(false) };
    let mask = member::mask(app, &release).await.map_err(|error| status::internal(&error))?;
    // Without the secrets nothing can be hidden, and so nothing is told.
    let Some(mask) = mask else { return Ok(false) };
    let instance = InstanceId::new(run.id.uuid());
    let source = Source { instance, service: run.service.clone(), container_id, mask };
    let mut lines = pin!(follow(&app.engine, vec![source], Since::default()));
    let mut told = false;
    loop {
        let line = tokio::select! {
            () = sender.closed() => return Ok(told),
            line = lines.next() => line,
        };
        // What broke off is told from what is kept, or by the next look.
        let Some(Ok(line)) = line else { return Ok(told) };
        told = true;
        send(sender, line_of(line.line.line, line.line.stderr)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_may_not_be_all_say_so() {
        let lines: Vec<String> = (0..MOST_LOG_LINES).map(|n| n.to_string()).collect();
        assert!(kept(&lines).iter().all(|line| line.kept));
        assert!(!kept(&lines[1..]).iter().any(|line| line.kept));
    }
}
