//! `WatchReleases`: what is there now, then every change. A token is the sequence of the log, so that a
//! reader that comes back misses nothing.

use super::name::Scope;
use super::read::{database, show_id};
use crate::app::App;
use crate::db::list::{self, Seen};
use crate::db::log;
use events::{AppName, EnvironmentName, ReleaseId};
use proto::v1::{Release, WatchReleasesRequest, WatchReleasesResponse};
use service::grpc::status;
use service::principal::Principal;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

/// Longest silence; proxies end connections that say nothing.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Longest wait for a change that happened in another process.
const LOOK: Duration = Duration::from_secs(1);
/// Releases shown at the start.
const FIRST: i64 = 50;

/// The answers of a watch.
pub(super) type Answers = ReceiverStream<Result<WatchReleasesResponse, Status>>;

/// Begins a watch.
pub(super) fn watch(app: &App, request: Request<WatchReleasesRequest>) -> Result<Answers, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let scope = Scope::parse(&request.parent)?;
    // Lists leave out what one may not see; here one would wait for it for ever.
    if let Some(named) = &scope.app
        && !principal.sees(named, scope.environment.as_ref())
    {
        return Err(status::denied(format!("{} may not see {}", principal.name, request.parent)));
    }
    let token = request.resume_token.as_str();
    let resume: Option<i64> =
        match token {
            "" => None,
            token => Some(token.parse().map_err(|_| {
                status::invalid("resume_token", "use the token of the last answer")
            })?),
        };
    let (sender, receiver) = mpsc::channel(64);
    let watcher = Watcher { app: app.clone(), principal, scope, sender };
    tokio::spawn(async move {
        if let Err(status) = watcher.run(resume).await {
            // The client may be gone; then nobody needs to know.
            drop(watcher.sender.send(Err(status)).await);
        }
    });
    Ok(ReceiverStream::new(receiver))
}

struct Watcher {
    app: App,
    principal: Principal,
    scope: Scope,
    sender: mpsc::Sender<Result<WatchReleasesResponse, Status>>,
}

impl Watcher {
    async fn run(&self, resume: Option<i64>) -> Result<(), Status> {
        let mut nudges = self.app.nudges.subscribe();
        let mut seq = match resume {
            Some(seq) => seq,
            None => self.begin().await?,
        };
        let mut said = tokio::time::Instant::now();
        while !self.sender.is_closed() {
            for (at, id) in newest(log::changed_since(&self.app.pool, seq).await.map_err(database)?)
            {
                seq = at;
                if let Some(release) = show_id(&self.app, id).await?.filter(|r| self.wants(r)) {
                    self.send(Some(release), &seq.to_string()).await;
                    said = tokio::time::Instant::now();
                }
            }
            if said.elapsed() > HEARTBEAT {
                self.send(None, &seq.to_string()).await;
                said = tokio::time::Instant::now();
            }
            tokio::select! {
                () = self.sender.closed() => {}
                _ = nudges.recv() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    /// Sends what is there now, the oldest first; the sequence from which on changes follow.
    async fn begin(&self) -> Result<i64, Status> {
        let seq = log::last_seq(&self.app.pool).await.map_err(database)?;
        let place = (self.scope.app_text(), self.scope.environment_text());
        let seen = Seen::of(&self.principal, place);
        let mut ids = list::releases(&self.app.pool, &seen, None, FIRST).await.map_err(database)?;
        ids.reverse();
        let mut shown = Vec::new();
        for id in ids {
            shown.extend(show_id(&self.app, id).await?.filter(|r| self.wants(r)));
        }
        let count = shown.len();
        for (index, release) in shown.into_iter().enumerate() {
            // Who lost the connection before the last of them begins anew.
            let token = if index + 1 == count { seq.to_string() } else { String::new() };
            self.send(Some(release), &token).await;
        }
        Ok(seq)
    }

    fn wants(&self, release: &Release) -> bool {
        let app = AppName::parse(&release.app);
        let environment = EnvironmentName::parse(&release.environment);
        let (Ok(app), Ok(environment)) = (app, environment) else { return false };
        self.scope.holds(&app, &environment) && self.principal.sees(&app, Some(&environment))
    }

    async fn send(&self, release: Option<Release>, token: &str) {
        let answer = WatchReleasesResponse { release, resume_token: token.to_owned() };
        // A client that went away is seen by the loop.
        drop(self.sender.send(Ok(answer)).await);
    }
}

/// Each release once, with its last change, in the order of those: whoever has the sequence of one has seen all
/// before it.
fn newest(changed: Vec<(i64, ReleaseId)>) -> BTreeMap<i64, ReleaseId> {
    let last: BTreeMap<ReleaseId, i64> = changed.into_iter().map(|(seq, id)| (id, seq)).collect();
    last.into_iter().map(|(id, seq)| (seq, id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_comes_with_its_last_change_after_those_that_changed_before_it() {
        let id = |n| ReleaseId::new(uuid::Uuid::from_u128(n));
        let changed = vec![(1, id(1)), (3, id(2)), (5, id(1)), (6, id(3))];
        let order: Vec<_> = newest(changed).into_iter().collect();
        assert_eq!(order, [(3, id(2)), (5, id(1)), (6, id(3))]);
    }
}
