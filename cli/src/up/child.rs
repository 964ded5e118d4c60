//! The first thing in every process that `slipway up` starts: it gives up rights, asks the kernel to be
//! ended together with the supervisor, and becomes the program. So nothing is left when the supervisor is
//! killed.

use super::{Account, Error};
use crate::error::Error as CommandError;
use crate::exit::Exit;
use clap::Args;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Which program to become, and how.
#[derive(Debug, Args)]
pub(crate) struct Child {
    /// The supervisor; if it is gone already, nothing is started
    #[arg(long)]
    parent: i32,
    /// The account to run as
    #[arg(long)]
    account: Option<String>,
    /// The signal that ends it when the supervisor is gone
    #[arg(long)]
    last_signal: String,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    argv: Vec<String>,
}

impl Child {
    /// Becomes the program; comes back only when that is not possible.
    pub(crate) fn run(self) -> Result<Exit, CommandError> {
        let failed =
            |source: std::io::Error| Error::Start { program: self.argv[0].clone(), source };
        self.prepare().map_err(|error| failed(error.into()))?;
        let gone = nix::unistd::getppid().as_raw() != self.parent;
        if gone {
            return Ok(Exit::Interrupted);
        }
        let error = Command::new(&self.argv[0]).args(&self.argv[1..]).exec();
        Err(failed(error).into())
    }

    fn prepare(&self) -> nix::Result<()> {
        nix::sys::stat::umask(Mode::from_bits_truncate(0o077));
        if let Some(name) = &self.account {
            Account::named(name).ok_or(nix::Error::ENOENT)?.become_it()?;
        }
        // Changing the account forgets the wish, so it comes last.
        let signal: Signal = self.last_signal.parse()?;
        nix::sys::prctl::set_pdeathsig(signal)
    }
}

/// The arguments that make this program [`Child`] become `argv`.
pub(super) fn arguments(
    parent: u32,
    account: Option<&Account>,
    last_signal: Signal,
    argv: &[String],
) -> Vec<String> {
    let mut arguments = vec!["child".to_owned(), format!("--parent={parent}")];
    arguments.extend(account.map(|account| format!("--account={}", account.name)));
    arguments.push(format!("--last-signal={}", last_signal.as_str()));
    arguments.push("--".to_owned());
    arguments.extend_from_slice(argv);
    arguments
}
