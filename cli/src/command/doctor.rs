//! `slipway doctor`: does this machine have what the platform needs, and does the platform answer.

use crate::doctor::{self, Health};
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;

/// It looks at everything.
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let Self {} = self;
        let findings = doctor::examine(session).await;
        if session.out.is_json() {
            session.out.text(&format!("{:#}", serde_json::json!(findings)))?;
        } else {
            session.out.text(&print::doctor::list(&findings))?;
        }
        let is_bad = findings.iter().any(|finding| finding.health == Health::Fail);
        Ok(if is_bad { Exit::Failed } else { Exit::Done })
    }
}
