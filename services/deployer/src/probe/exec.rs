//! One command in the container.

use super::Answer;
use crate::docker::{Engine, EngineError};
use std::time::Duration;

pub(super) async fn ask(
    engine: &Engine,
    container: &str,
    command: &[String],
    limit: Duration,
) -> Answer {
    match engine.exec(container, command, limit).await {
        Ok(ended) => {
            let output = ended.output.lines().last().unwrap_or_default().to_owned();
            Answer::Exited { exit_code: ended.exit_code, output }
        }
        Err(EngineError::Silent { limit, .. }) => Answer::TimedOut(limit),
        Err(error) => Answer::Unasked(error.to_string()),
    }
}
