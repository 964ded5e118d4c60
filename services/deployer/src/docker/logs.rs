//! The output of instances: the last lines, or lines as they come.

use super::{Engine, EngineError, LogLine};
use bollard::container::LogOutput;
use bollard::query_parameters::{LogsOptions, LogsOptionsBuilder};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _};
use std::time::Duration;

/// Lines that are there already come quickly or not at all.
const TAIL_IDLE: Duration = Duration::from_secs(10);

/// How long a follower waits before it makes sure that the engine is there: an engine that died can leave
/// the connection open for ever.
const FOLLOW_IDLE: Duration = Duration::from_secs(15);

/// From where on output is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Since {
    /// At most so many of the lines that are there; `None` is all.
    pub tail: Option<u32>,
    /// None older than this.
    pub time: Option<DateTime<Utc>>,
}

/// Why output ended that could have gone on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The engine closed the stream with an error.
    #[error("the output of container {container} broke off")]
    Broken {
        /// The container.
        container: String,
        /// What the client says.
        source: Box<bollard::errors::Error>,
    },
    /// Nothing came, and the engine does not answer any more.
    #[error("the engine went away while the output of container {container} was followed")]
    Away {
        /// The container.
        container: String,
        /// What a ping got.
        source: EngineError,
    },
}

impl Engine {
    /// The last lines of both outputs, by the time they were written. As many as can be had: an engine that
    /// stops in the middle gives what came until then.
    pub async fn tail(&self, container: &str, lines: u32) -> Vec<LogLine> {
        let since = Since { tail: Some(lines), time: None };
        let mut output = std::pin::pin!(self.docker.logs(container, Some(options(since, false))));
        let mut found = Vec::new();
        while let Ok(Some(Ok(part))) = tokio::time::timeout(TAIL_IDLE, output.next()).await {
            found.extend(read(&part));
        }
        // The order between stdout and stderr is not kept on the way.
        found.sort_by_key(|line| line.time);
        found
    }

    /// Lines as they come, until the container ends or is removed. Never silent for ever: when nothing
    /// comes, the engine is asked whether it is there.
    pub fn follow(
        &self,
        container: String,
        since: Since,
    ) -> impl Stream<Item = Result<LogLine, LogError>> + Send + use<> {
        let output = Box::pin(self.docker.logs(&container, Some(options(since, true))));
        let lines = futures_util::stream::unfold(
            Some((self.clone(), container, output)),
            |following| async move {
                let (engine, container, mut output) = following?;
                loop {
                    let next = tokio::time::timeout(FOLLOW_IDLE, output.next()).await;
                    match next {
                        Ok(None) => return None,
                        Ok(Some(Ok(part))) => {
                            return Some((Ok(read(&part)), Some((engine, container, output))));
                        }
                        Ok(Some(Err(source))) => {
                            return Some((
                                Err(LogError::Broken { container, source: Box::new(source) }),
                                None,
                            ));
                        }
                        Err(_) => {
                            if let Err(source) = engine.ping().await {
                                return Some((Err(LogError::Away { container, source }), None));
                            }
                        }
                    }
                }
            },
        );
        lines.flat_map(|part| match part {
            Ok(lines) => futures_util::stream::iter(lines).map(Ok).left_stream(),
            Err(error) => futures_util::stream::iter([Err(error)]).right_stream(),
        })
    }
}

fn options(since: Since, follow: bool) -> LogsOptions {
    let tail = since.tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
    let seconds = since.time.and_then(|time| i32::try_from(time.timestamp()).ok()).unwrap_or(0);
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true);
    options.follow(follow).since(seconds).tail(&tail).build()
}

fn read(part: &LogOutput) -> Vec<LogLine> {
    let stderr = matches!(part, LogOutput::StdErr { .. });
    let lines = part.as_ref().split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| LogLine::read(stderr, line)).collect()
}
