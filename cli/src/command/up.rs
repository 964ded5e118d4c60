//! `slipway up`: the whole platform on this machine.

use crate::command::wait;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;
use crate::print::up;
use crate::session::Session;
use crate::up::{self as platform, Options, State};
use clap::{Args, ValueEnum};

/// How to run it. A `SLIPWAY_DATABASE_URL`, `SLIPWAY_NATS_URL` or `SLIPWAY_REGISTRY` of yours is used
/// instead of starting one.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Stay in the foreground, as a service manager wants it
    #[arg(long)]
    foreground: bool,
    /// Go to the background when everything answers (the default)
    #[arg(long, conflicts_with = "foreground")]
    detach: bool,
    /// Listen on ports higher by this than the usual ones
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=50_000))]
    port_offset: u16,
    /// Start only Postgres, NATS and the registry
    #[arg(long, value_enum, hide = true)]
    only: Option<Only>,
    /// Be the supervisor in the background
    #[arg(long, hide = true)]
    background: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Only {
    /// Postgres, NATS and the registry.
    Infrastructure,
}

impl Up {
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Error> {
        let options = Options {
            port_offset: self.port_offset,
            only_infrastructure: matches!(self.only, Some(Only::Infrastructure)),
        };
        if self.background {
            // A session of its own, so that the end of the terminal is not its end. It fails only where
            // this process leads a session already.
            let _leads_one = nix::unistd::setsid();
        }
        let layout = session.layout();
        wait(async {
            if self.foreground || self.background {
                let told = |state: &State| tell(&session.out, state);
                platform::foreground(&layout, options, self.foreground, told).await?;
                return Ok(Exit::Done);
            }
            let progress = |text: &str| session.out.note(text);
            let state = platform::detached(&layout, options, progress).await?;
            tell(&session.out, &state)?;
            Ok(Exit::Done)
        })
    }
}

fn tell(out: &Output, state: &State) -> Result<(), Error> {
    if out.is_json() {
        out.text(&format!("{:#}", serde_json::json!(state)))
    } else {
        out.text(&up::addresses(state))
    }
}
