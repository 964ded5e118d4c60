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
        let (mut found, mut parts) = (Vec::new(), Parts::default());
        while let Ok(Some(Ok(part))) = tokio::time::timeout(TAIL_IDLE, output.next()).await {
            found.extend(parts.read(&part));
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
            Some((self.clone(), container, output, Parts::default())),
            |following| async move {
                let (engine, container, mut output, mut parts) = following?;
                loop {
                    let next = tokio::time::timeout(FOLLOW_IDLE, output.next()).await;
                    match next {
                        Ok(None) => return None,
                        Ok(Some(Ok(part))) => {
                            let lines = parts.read(&part);
                            return Some((Ok(lines), Some((engine, container, output, parts))));
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

/// The engine gives a line that is longer in parts of this many bytes.
const PART: usize = 16 * 1024;

/// Which outputs are in the middle of a line that came in part: its rest is longer than what is shown of a
/// line, and could begin in the middle of a secret.
#[derive(Debug, Default)]
struct Parts {
    out: bool,
    err: bool,
}

impl Parts {
    fn read(&mut self, part: &LogOutput) -> Vec<LogLine> {
        let stderr = matches!(part, LogOutput::StdErr { .. });
        let bytes = part.as_ref();
        let inside = if stderr { &mut self.err } else { &mut self.out };
        let rest = std::mem::replace(inside, bytes.len() >= PART && !bytes.ends_with(b"\n"));
        let lines = bytes.split(|&byte| byte == b'\n').skip(usize::from(rest));
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(|line| LogLine::read(stderr, line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(message: impl Into<String>) -> LogOutput {
        LogOutput::StdOut { message: message.into().into() }
    }

    #[test]
    fn the_rest_of_a_line_that_came_in_parts_is_left_out() {
        let mut parts = Parts::default();
        let first =
            parts.read(&out(format!("2026-11-21T03:55:36.5Z {}hunt", "x".repeat(PART - 4))));
        assert_eq!(first.len(), 1);
        assert_eq!(parts.read(&out("2026-11-21T03:55:36.5Z er22\n")), []);
        assert_eq!(parts.read(&out("2026-11-21T03:55:37.5Z next\n"))[0].line, "next");
    }
}
