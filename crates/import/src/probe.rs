//! What a health check asks, told by its command: a request to the container itself, or a command.

use crate::form::Ask;
use crate::place::Place;
use crate::shell;
use crate::tree::Word;

/// Options of `curl` and `wget` that take a word of their own.
const TAKES: [&str; 9] =
    ["-o", "-m", "-t", "-T", "--max-time", "--connect-timeout", "--tries", "--timeout", "--retry"];
/// Options that ask something else than a plain GET.
const OTHER: [&str; 6] = ["-X", "-H", "-d", "--request", "--header", "--data"];
/// Where a container finds itself.
const SELF: [&str; 4] = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"];

/// The question that `command`, which stands at `place`, asks; `port` is what the service serves.
pub(crate) fn of_command(command: Vec<String>, port: Option<&str>, place: &Place<'_>) -> Ask {
    match request(&command) {
        Some((asked, path)) => {
            let own = port == Some(asked.as_str());
            let port = if own { None } else { Some(Word::from(asked, place)) };
            Ask::Get { path: Word::from(path, place), port }
        }
        None => Ask::Exec(Word::all(command, place)),
    }
}

/// The same for a line that a shell is handed.
pub(crate) fn of_line(line: &str, port: Option<&str>, place: &Place<'_>) -> Ask {
    let plain = line.split("||").next().unwrap_or_default();
    let fails = line.split("||").skip(1).all(|rest| matches!(rest.trim(), "exit 1" | "false"));
    if let Some(command) = words(plain).filter(|words| fails && request(words).is_some()) {
        return of_command(command, port, place);
    }
    Ask::Exec(Word::all(shell::arguments(line).0, place))
}

/// The words of `line`; a `?` in an address is no pattern.
fn words(line: &str) -> Option<Vec<String>> {
    let is_plain = !line.contains(['|', ';', '$', '`', '<', '>', '(', ')', '&', '\\', '\'', '"']);
    let plain = || line.split_whitespace().map(str::to_owned).collect();
    shell::split(line).or_else(|| is_plain.then(plain))
}

/// Port and path of the request that `command` makes of its own container.
fn request(command: &[String]) -> Option<(String, String)> {
    let program = command.first()?.rsplit('/').next()?;
    if !matches!(program, "curl" | "wget") {
        return None;
    }
    let mut url = None;
    let mut words = command[1..].iter().map(String::as_str);
    while let Some(word) = words.next() {
        if OTHER.iter().any(|other| word.starts_with(other)) {
            return None;
        } else if TAKES.contains(&word) || (program == "wget" && word == "-O") {
            words.next();
        } else if !word.starts_with('-') && url.replace(word).is_some() {
            return None;
        }
    }
    let rest = url?;
    let rest = rest.strip_prefix("http://").unwrap_or(rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let bare = authority.rsplit_once(':').filter(|(host, _)| SELF.contains(host));
    let (host, port) = bare.unwrap_or((authority, "80"));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let good = SELF.contains(&host) && port.parse::<u16>().is_ok();
    if good { Some((port.to_owned(), path)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<String> {
        let command: Vec<_> = line.split(' ').map(str::to_owned).collect();
        request(&command).map(|(port, path)| format!("{port} {path}"))
    }

    #[test]
    fn a_request_to_itself_is_understood() {
        assert_eq!(asked("curl -f http://localhost:8000/health").as_deref(), Some("8000 /health"));
        assert_eq!(asked("curl -fsS -m 5 localhost:5000").as_deref(), Some("5000 /"));
        let wget = "wget -q --spider --tries=1 http://127.0.0.1/up?deep=1";
        assert_eq!(asked(wget).as_deref(), Some("80 /up?deep=1"));
    }

    #[test]
    fn what_is_more_than_a_get_stays_a_command() {
        for line in [
            "curl -X POST http://localhost/x",
            "curl https://localhost/x",
            "curl http://db:80/",
            "curl a b",
            "pg_isready -U app",
            "curl",
        ] {
            assert_eq!(asked(line), None, "{line}");
        }
    }
}
