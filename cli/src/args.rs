//! The arguments of the program: what holds for every command, and the list of commands.

use crate::command::Command;
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;

/// Releases web services: a push becomes an image, the image a release that takes traffic while watched.
#[derive(Debug, Parser)]
#[command(name = "slipway", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Address of the platform [default: the one `slipway up` runs here, else <http://127.0.0.1:8801>]
    #[arg(long, global = true, env = "SLIPWAY_SERVER", value_name = "URL", hide_env_values = true)]
    pub(crate) server: Option<String>,
    /// Token to authenticate with; a file is safer
    #[arg(long, global = true, env = "SLIPWAY_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// File with the token [default: the admin token that `slipway up` made here]
    #[arg(
        long,
        global = true,
        env = "SLIPWAY_TOKEN_FILE",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// Tables for people, JSON for programs with the field names of the contracts, or an HTML page (`drift data`)
    #[arg(long, short = 'o', global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
    /// Where `slipway up` keeps everything [default: /var/lib/slipway as root, else ~/.local/share/slipway]
    #[arg(long, global = true, env = "SLIPWAY_DATA", value_name = "DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// People.
    Table,
    /// Programs: one JSON document, or one per line for what streams.
    Json,
    /// People, in a browser: one page that needs nothing else.
    Html,
}
