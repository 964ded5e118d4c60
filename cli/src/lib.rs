//! `slipway`: the command line of the platform, and `slipway up`, the whole platform on one machine.
//!
//! A command is one file under `command/`: its arguments and what it asks of the server. What people and
//! programs read is rendered by the pure functions under `print/`. Nothing here depends on a service: all
//! is said through the contracts in `proto`.

mod args;
mod client;
mod command;
mod doctor;
mod error;
mod exit;
mod follow;
mod http;
mod manifest_file;
mod output;
mod print;
mod reference;
mod screen;
mod session;
mod up;
mod watch;

pub use exit::Exit;

use clap::Parser;

/// Reads the arguments, does what they say, and tells how it went.
pub fn main() -> std::process::ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let written = std::env::args_os().map(|it| it.to_string_lossy().into_owned());
            return args::refused(&error, written);
        }
    };
    let session = session::Session::new(arguments.global);
    let done = match arguments.command.run(&session) {
        Ok(exit) => exit,
        Err(error) => error.report(&session.out),
    };
    done.into()
}
