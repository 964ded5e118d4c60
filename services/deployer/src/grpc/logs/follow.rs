//! Lines as they come: of the instances of one release until they end, or of what is live in an environment,
//! whichever release that is. A source that ended or broke off is taken up again where it was, while it lives.

use super::{Place, live_sources, show};
use crate::app::App;
use crate::docker::{LogError, Since};
use crate::logs::{Source, follow};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, StreamExt as _};
use proto::v1::WatchLogsResponse;
use service::grpc::status;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Longest wait for a switch that happened in another process, and between two tries of one source.
const LOOK: Duration = Duration::from_secs(1);
/// Lines that wait for a slow client; then the engine waits.
const AHEAD: usize = 256;
/// Of two lines that are shown, the later one was written at most this long before the other: an instance writes to
/// two outputs.
const OVERTAKEN: TimeDelta = TimeDelta::seconds(1);

type Answer = Result<WatchLogsResponse, Status>;

/// How one source ended: its container, the time of its last line, and what went wrong.
type Ended = (String, Option<DateTime<Utc>>, Option<LogError>);

/// From where on one instance is shown: for who comes back, all since shortly before what is known of it.
fn from(known: &HashMap<String, DateTime<Utc>>, instance: &str, since: Since) -> Since {
    if known.is_empty() {
        return since;
    }
    let time = known.get(instance).and_then(|at| at.checked_sub_signed(OVERTAKEN));
    Since { tail: None, time: time.or(since.time) }
}

/// Who follows what.
#[derive(Debug)]
pub(super) struct Following {
    app: App,
    /// The environment whose live release is followed; nothing for the sources there are.
    place: Option<Place>,
    service: String,
    first: Vec<Source>,
    running: HashSet<String>,
    last: HashMap<String, Option<DateTime<Utc>>>,
    tasks: JoinSet<Ended>,
}

impl Following {
    pub(super) fn new(
        app: &App,
        place: Option<Place>,
        service: String,
        first: Vec<Source>,
    ) -> Self {
        let (running, last, tasks) = (HashSet::new(), HashMap::new(), JoinSet::new());
        Self { app: app.clone(), place, service, first, running, last, tasks }
    }

    /// Begins with what there is `since` then, for who knows nothing or the last lines at these times.
    pub(super) fn begin(
        self,
        known: HashMap<String, DateTime<Utc>>,
        since: Since,
    ) -> impl Stream<Item = Answer> + Send + use<> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            if let Err(status) = self.run(&known, since, &sender).await {
                // The client may be gone; then nobody needs to know.
                drop(sender.send(Err(status)).await);
            }
        });
        ReceiverStream::new(receiver)
    }

    async fn run(
        mut self,
        known: &HashMap<String, DateTime<Utc>>,
        since: Since,
        sender: &mpsc::Sender<Answer>,
    ) -> Result<(), Status> {
        let mut nudges = self.app.nudges.subscribe();
        for source in std::mem::take(&mut self.first) {
            let since = from(known, &source.instance.to_string(), since);
            self.take_up(source, since, sender);
        }
        while !sender.is_closed() {
            if self.place.is_none() && self.tasks.is_empty() {
                return Ok(());
            }
            tokio::select! {
                () = sender.closed() => {}
                Some(Ok(ended)) = self.tasks.join_next() => self.over(ended)?,
                _ = nudges.recv() => self.look(sender).await?,
                () = tokio::time::sleep(LOOK) => self.look(sender).await?,
            }
        }
        Ok(())
    }

    /// Takes up what is live and not followed.
    async fn look(&mut self, sender: &mpsc::Sender<Answer>) -> Result<(), Status> {
        let Some(place) = &self.place else { return Ok(()) };
        for source in live_sources(&self.app, place, &self.service).await? {
            if self.running.contains(&source.container_id) {
                continue;
            }
            // What is new is shown from its first line on.
            let time = self.last.get(&source.container_id).copied().flatten();
            self.take_up(source, Since { tail: None, time }, sender);
        }
        Ok(())
    }

    fn take_up(&mut self, source: Source, since: Since, sender: &mpsc::Sender<Answer>) {
        let (container, sender) = (source.container_id.clone(), sender.clone());
        let seen = self.last.get(&container).copied().flatten();
        self.running.insert(container.clone());
        let mut lines = follow(&self.app.engine, vec![source], since);
        self.tasks.spawn(async move {
            let mut last = seen;
            while let Some(line) = lines.next().await {
                let line = match line {
                    Ok(line) => line,
                    Err(error) => return (container, last, Some(error)),
                };
                // The engine knows only seconds: what was shown before comes again.
                if seen.is_some() && line.line.time <= seen {
                    continue;
                }
                last = line.line.time.or(last);
                if sender.send(Ok(show(line))).await.is_err() {
                    break;
                }
            }
            (container, last, None)
        });
    }

    fn over(&mut self, (container, last, error): Ended) -> Result<(), Status> {
        self.running.remove(&container);
        self.last.insert(container, last);
        match error {
            None => Ok(()),
            // It is gone with its release, or taken up again by the next look.
            Some(LogError::Broken { .. }) if self.place.is_some() => Ok(()),
            Some(error) => Err(status::unavailable("OUTPUT_BROKE_OFF", service::chain(&error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_gets_all_since_shortly_before_what_is_known() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("in range");
        let first = Since { tail: Some(100), time: None };
        let told = |known: &[(&str, i64)]| {
            let known = known.iter().map(|(id, seconds)| ((*id).to_owned(), at(*seconds)));
            let since = from(&known.collect(), "a", first);
            (since.tail, since.time)
        };
        assert_eq!(told(&[]), (Some(100), None));
        assert_eq!(told(&[("a", 60), ("b", 50)]), (None, Some(at(59))));
        assert_eq!(told(&[("b", 50)]), (None, None), "it has written nothing so far");
    }
}
