//! The output of several instances as one stream, for people who watch a release.

use crate::docker::{Engine, LogError, LogLine, Mask, Since};
use events::{InstanceId, ServiceName};
use futures_util::stream::{SelectAll, Stream, StreamExt as _};

/// An instance whose output is wanted.
#[derive(Debug, Clone)]
pub struct Source {
    /// The instance.
    pub instance: InstanceId,
    /// The service it is of.
    pub service: ServiceName,
    /// Its container.
    pub container_id: String,
    /// The secrets it was given.
    pub mask: Mask,
}

/// A line and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The instance.
    pub instance: InstanceId,
    /// The service it is of.
    pub service: ServiceName,
    /// What it wrote, secrets hidden.
    pub line: LogLine,
}

impl Source {
    /// The only way to a line that is shown: masked, then cut.
    fn told(&self, line: &LogLine) -> SourceLine {
        let line = LogLine { line: self.mask.hide(&line.line), ..*line };
        SourceLine { instance: self.instance, service: self.service.clone(), line }
    }
}

/// The last `lines` of each source, all together by the time they were written.
pub async fn tail(engine: &Engine, sources: &[Source], lines: u32) -> Vec<SourceLine> {
    let tails = sources.iter().map(async |source| {
        let lines = engine.tail(&source.container_id, lines).await;
        lines.iter().map(|line| source.told(line)).collect::<Vec<_>>()
    });
    let mut all = futures_util::future::join_all(tails).await.concat();
    all.sort_by_key(|line| line.line.time);
    all
}

/// Lines of all sources as they come; ends when all have ended. An error ends its source alone.
pub fn follow(
    engine: &Engine,
    sources: Vec<Source>,
    since: Since,
) -> impl Stream<Item = Result<SourceLine, LogError>> + Send + use<> {
    let streams = sources.into_iter().map(|source| {
        let lines = engine.follow(source.container_id.clone(), since);
        Box::pin(lines.map(move |line| line.map(|line| source.told(&line))))
    });
    streams.collect::<SelectAll<_>>()
}
