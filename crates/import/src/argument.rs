//! Arguments of commands that look like secrets: nothing can take their place, so it is told.

use crate::form::App;
use crate::ledger::Ledger;
use crate::suspect;
use crate::tree::Word;

/// Tells of every command of `app` with such an argument.
pub(crate) fn tell(app: &App, ledger: &mut Ledger) {
    let services = app.services.iter().flat_map(|it| [&it.command, &it.entrypoint]);
    let commands = services.chain(app.jobs.iter().map(|job| &job.command));
    for command in commands.filter(|command| has_secret(command)) {
        let why = "an argument of it looks like a secret, and everybody may read arguments";
        let help = "set it as a secret, and let the program read the variable";
        if let Some(mark) = command.iter().find_map(|word| word.from.first()) {
            ledger.changed_at(mark, why, help);
        }
    }
}

/// `--token=x`, `--requirepass x`, or an address with a password; also in a line for a shell.
fn has_secret(command: &[Word]) -> bool {
    let words: Vec<&str> = command.iter().flat_map(|word| word.text.split_whitespace()).collect();
    let next = words.iter().skip(1).copied().chain([""]);
    words.iter().zip(next).any(|(word, next)| {
        let flag = word.strip_prefix('-').map(|flag| flag.trim_start_matches('-'));
        let named = flag.map(|flag| flag.split_once('=').unwrap_or((flag, next)));
        named.is_some_and(|(name, value)| is_given(value) && is_secret(name, value))
            || suspect::is_secret("", word)
    })
}

fn is_secret(flag: &str, value: &str) -> bool {
    let name = flag.replace('-', "_");
    suspect::is_secret(&name, value) || name.to_ascii_lowercase().ends_with("pass")
}

/// Neither another flag, nor a file, nor a variable.
fn is_given(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    !value.is_empty() && !value.starts_with(['-', '/', '.']) && !value.contains('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_among_arguments_are_known() {
        let has = |line: &str| has_secret(&line.split(' ').map(Word::new).collect::<Vec<_>>());
        for line in [
            "redis-server --requirepass hunter2",
            "worker --api-token=abc",
            "worker postgres://u:p@db/x",
            "x -password swordfish",
        ] {
            assert!(has(line), "{line}");
        }
        assert!(has_secret(&[Word::new("sh"), Word::new("-c"), Word::new("x --token abc && y")]));
        for line in [
            "redis-server --appendonly yes",
            "worker --token-file /run/token",
            "worker --password $PASSWORD",
            "worker --token --verbose",
            "worker --secret",
            "worker postgres://db/x",
        ] {
            assert!(!has(line), "{line}");
        }
    }
}
