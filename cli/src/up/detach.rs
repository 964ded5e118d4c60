//! Starts the supervisor in the background and waits until everything answers.

use super::{Error, Layout, Options, Phase, State, files};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often one looks how far it is.
const LOOK: Duration = Duration::from_millis(50);

/// Starts the platform in the background; `progress` is told of each program that got ready.
pub(crate) async fn detached(
    layout: &Layout,
    options: Options,
    progress: impl Fn(&str),
) -> Result<State, Error> {
    if let Some(state) = State::read(layout)?.filter(|state| state.supervisor.is_alive()) {
        return Err(Error::Running { pid: state.supervisor.pid });
    }
    let mut supervisor = start(layout, options)?;
    let mut told = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let ended = supervisor.try_wait().ok().flatten();
        let pid = i32::try_from(supervisor.id()).unwrap_or_default();
        let state = State::read(layout)?.filter(|state| state.supervisor.pid == pid);
        for program in state.iter().flat_map(|state| &state.programs) {
            if program.ready && !told.contains(&program.name) {
                progress(&format!("{} is ready", program.name));
                told.push(program.name.clone());
            }
        }
        match state {
            Some(state) if state.phase == Phase::Ready => return Ok(state),
            Some(state) if ended.is_some() => return Err(Error::Background(state.failure)),
            None if ended.is_some() => {
                return Err(Error::Background(files::tail(&layout.log("supervisor"), 5)));
            }
            _ => {}
        }
    }
}

fn start(layout: &Layout, options: Options) -> Result<Child, Error> {
    let failed = |source| Error::Start { program: "the supervisor".to_owned(), source };
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command
        .arg(format!("--data-dir={}", layout.root().display()))
        .args(["up", "--background", &format!("--port-offset={}", options.port_offset)])
        .args(options.only_infrastructure.then_some("--only=infrastructure"))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().map_err(failed)
}
