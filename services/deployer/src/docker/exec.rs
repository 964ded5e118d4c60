//! Commands inside a running container.

use super::engine::within;
use super::{Engine, EngineError, clean};
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::StreamExt as _;
use std::time::Duration;

/// What is kept of the output.
const OUTPUT_CAP: usize = 16 * 1024;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// Its exit code.
    pub exit_code: i32,
    /// The first of what it wrote to stdout and stderr.
    pub output: String,
}

impl Engine {
    /// Runs `command` in the container. After `limit` it is no longer waited for; the engine has no way to
    /// end it.
    pub async fn exec(
        &self,
        container: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        let options = CreateExecOptions {
            cmd: Some(command.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let created = self.docker.create_exec(container, options);
        let id = self.call("make a command for", container, created).await?.id;
        let output = within(limit, "run a command in", container, self.output(&id)).await?;
        let inspected = self.ask("inspect command", &id, self.docker.inspect_exec(&id)).await?;
        let exit_code = inspected.exit_code.and_then(|code| i32::try_from(code).ok());
        Ok(ExecOutput { exit_code: exit_code.unwrap_or(-1), output })
    }

    async fn output(&self, id: &str) -> Result<String, bollard::errors::Error> {
        let mut text = Vec::new();
        if let StartExecResults::Attached { mut output, .. } =
            self.docker.start_exec(id, None).await?
        {
            while let Some(part) = output.next().await {
                let part = part?.into_bytes();
                let room = OUTPUT_CAP.saturating_sub(text.len());
                text.extend_from_slice(&part[..part.len().min(room)]);
            }
        }
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().map(clean).collect::<Vec<_>>().join("\n"))
    }
}
