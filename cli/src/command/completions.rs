//! `slipway completions`: what a shell needs to complete commands and options.

use crate::args::Arguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::session::Session;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// For which shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "slipway", &mut script);
        session.out.raw(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
