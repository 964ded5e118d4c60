//! The arguments of the program: what holds for every command, and the list of commands.

use crate::command::Command;
use crate::error::Error;
use crate::output::Output;
use clap::error::ErrorKind;
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

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

/// Says why `arguments` cannot be read, to people or, as they ask for it, to programs; or helps.
pub(crate) fn refused(error: &clap::Error, arguments: impl Iterator<Item = String>) -> ExitCode {
    if error.use_stderr() && want_json(arguments) {
        return Error::Usage(message(error)).report(&Output::new(Format::Json)).into();
    }
    error.exit()
}

/// Whether JSON is asked for: what can be known of arguments that are wrong elsewhere.
fn want_json(arguments: impl Iterator<Item = String>) -> bool {
    let mut before = String::new();
    let mut wanted = false;
    for argument in arguments.take_while(|argument| argument != "--") {
        let named = argument.strip_prefix("--output=").or_else(|| argument.strip_prefix("-o"));
        let value = match named {
            Some(value) if !value.is_empty() => Some(value.trim_start_matches('=')),
            _ => matches!(before.as_str(), "-o" | "--output").then_some(argument.as_str()),
        };
        wanted = value.map_or(wanted, |value| value == "json");
        before = argument;
    }
    wanted
}

/// What is wrong, in a line, without how the command is used.
fn message(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "it is not said what to do; `--help` lists the commands".to_owned();
    }
    let text = error.render().to_string();
    let parts = text.split("\n\n").take_while(|part| !part.starts_with("Usage:"));
    let told = parts.filter(|part| !part.starts_with("For more information"));
    let lines = told.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let line = lines.collect::<Vec<_>>().join("; ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> impl Iterator<Item = String> {
        line.split(' ').map(str::to_owned)
    }

    #[test]
    fn programs_are_told_in_json_what_is_wrong() {
        for line in ["-o json x", "x -ojson", "x -o=json", "--output json", "x --output=json y"] {
            assert!(want_json(arguments(line)), "{line}");
        }
        for line in ["x", "-o table", "-o json -o table", "x json", "x -- -o json", "--output"] {
            assert!(!want_json(arguments(line)), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_fits_in_a_line() {
        let told = |line: &str| {
            let error = Arguments::try_parse_from(arguments(line)).expect_err("is wrong");
            message(&error)
        };
        insta::assert_snapshot!(told("slipway drift data --referenc x"), @"unexpected argument '--referenc' found; tip: a similar argument exists: '--reference'");
        insta::assert_snapshot!(told("slipway drift data"), @"the following required arguments were not provided: --reference <FILE> --current <FILE>");
        insta::assert_snapshot!(told("slipway app"), @"it is not said what to do; `--help` lists the commands");
    }
}
