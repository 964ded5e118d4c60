//! The reference of the command line, `docs/cli.md`: made from the arguments, so that it cannot be wrong.

use crate::args::Arguments;
use crate::exit::Exit;
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write;

/// What the reference starts with.
const HEAD: &str = "\
# The command line

`slipway` asks the platform over gRPC, and runs it on one machine with `slipway up`. Made from the program's
own arguments: to change it, change them and run `slipway reference > docs/cli.md`.

Every command that changes something carries a request id of its own and is repeated for a few seconds when
the server does not answer, so that a server that is just restarting is not noticed. `--output json` prints
the messages of `proto/slipway/v1` with their field names, and errors as JSON on standard error.

| exit status | meaning |
|---|---|
";

/// The reference as Markdown.
pub(crate) fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for (exit, meaning) in Exit::ALL {
        push(&mut text, format_args!("| {} | {meaning} |\n", exit as u8));
    }
    let mut program = Arguments::command();
    program.build();
    text.push_str("\n## Global options\n\n");
    table(&mut text, program.get_arguments());
    describe(&mut text, &program, "slipway");
    text
}

fn describe(text: &mut String, command: &Command, path: &str) {
    for part in command.get_subcommands().filter(|part| !part.is_hide_set()) {
        let path = format!("{path} {}", part.get_name());
        if part.get_name() == "help" {
            continue;
        }
        let about = part.get_about().map(ToString::to_string).unwrap_or_default();
        push(text, format_args!("\n## `{path}`\n\n{about}.\n"));
        let own: Vec<_> = part.get_arguments().filter(|arg| !arg.is_global_set()).collect();
        if own.iter().any(|arg| is_told(arg)) {
            text.push('\n');
            table(text, own.into_iter());
        }
        describe(text, part, &path);
    }
}

fn is_told(arg: &Arg) -> bool {
    !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version")
}

fn table<'a>(text: &mut String, args: impl Iterator<Item = &'a Arg>) {
    text.push_str("| argument | what it does |\n|---|---|\n");
    for arg in args.filter(|arg| is_told(arg)) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let env = arg.get_env().map(|name| format!(" (`{}`)", name.to_string_lossy()));
        let default = format!("{}{}", values(arg), default(arg));
        let usage = usage(arg).replace('|', "\\|");
        push(text, format_args!("| `{usage}` | {help}{default}{} |\n", env.unwrap_or_default()));
    }
}

fn usage(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let value: Vec<_> = names.iter().map(ToString::to_string).collect();
    let value = if arg.get_action().takes_values() { value.join(" ") } else { String::new() };
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let flags: Vec<_> = short.into_iter().chain(long).collect();
    match (flags.is_empty(), value.is_empty()) {
        (true, _) if arg.is_required_set() => value,
        (true, _) => format!("[{value}]"),
        (false, true) => flags.join(", "),
        (false, false) => format!("{} {value}", flags.join(", ")),
    }
}

fn values(arg: &Arg) -> String {
    let values = arg.get_possible_values();
    let names: Vec<_> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    if names.is_empty() { String::new() } else { format!(" [one of: {}]", names.join(", ")) }
}

fn default(arg: &Arg) -> String {
    let values = arg.get_default_values();
    if values.is_empty() || arg.is_hide_default_value_set() || !arg.get_action().takes_values() {
        return String::new();
    }
    let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
    format!(" [default: {}]", values.join(" "))
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_reference_is_what_the_program_takes() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
        let kept = std::fs::read_to_string(&path).expect("docs/cli.md is there");
        assert!(kept == markdown(), "docs/cli.md is old: run slipway reference > docs/cli.md");
    }

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
