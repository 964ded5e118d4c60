//! `slipway down`: stops the platform on this machine.

use crate::command::wait;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::Session;
use crate::up;
use clap::Args;

/// There is nothing to choose: what is deployed keeps running, and so do the data.
#[derive(Debug, Args)]
pub(crate) struct Down {}

impl Down {
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Error> {
        let Self {} = self;
        let layout = session.layout();
        let ended = wait_for(&layout)?;
        let text = match ended {
            None => "the platform does not run".to_owned(),
            Some(processes) => format!("stopped; {processes} processes ended, none is left"),
        };
        if session.out.is_json() {
            let said = serde_json::json!({ "ended": ended.unwrap_or(0) });
            session.out.text(&said.to_string())?;
        } else {
            session.out.text(&text)?;
        }
        Ok(Exit::Done)
    }
}

fn wait_for(layout: &up::Layout) -> Result<Option<usize>, Error> {
    let mut ended = None;
    wait(async {
        ended = up::down(layout).await?;
        Ok(Exit::Done)
    })?;
    Ok(ended)
}
