//! Every setting and every reason code is documented, and nothing else is.

use crate::tree::{difference, files, is_capitals, literals, production, quoted, read};
use std::collections::BTreeSet;

/// Words in capitals that are neither settings nor reasons: names that git, TLS, engines and cargo gave.
const FOREIGN: [&str; 8] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "HTTP_PROXY",
    "LC_ALL",
    "NET_RAW",
    "FETCH_HEAD",
    "CARGO_PKG_VERSION",
];
/// Beginnings of names that are not reasons.
const NOT_A_REASON: [&str; 6] = ["SLIPWAY_", "DOCKER_", "GIT_", "OTEL_", "SSL_", "REGISTRY_AUTH"];

/// Settings that programs read.
fn read_settings() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The crate of events names streams in the same way.
    for file in production().iter().filter(|file| !file.path.starts_with("crates/events/")) {
        let said = file.code().lines().filter(|line| !line.trim_start().starts_with("//"));
        let names = said.flat_map(literals);
        let names = names.filter(|name| name.starts_with("SLIPWAY_") && is_capitals(name));
        found.extend(names.map(str::to_owned));
    }
    found
}

#[test]
fn every_setting_is_documented_and_exists() {
    let documented: BTreeSet<String> = quoted(&read("docs/configuration.md"))
        .filter(|name| name.starts_with("SLIPWAY_") && is_capitals(name))
        .map(str::to_owned)
        .collect();
    let settings = read_settings();
    // A secret may come from a file: NAME_FILE is read wherever NAME is.
    let is_read = |name: &String| {
        settings.contains(name)
            || name.strip_suffix("_FILE").is_some_and(|name| settings.contains(name))
    };
    let unknown: Vec<_> = documented.iter().filter(|name| !is_read(name)).collect();
    let silent: Vec<_> = settings.difference(&documented).collect();
    assert!(unknown.is_empty(), "docs/configuration.md describes what nothing reads: {unknown:#?}");
    assert!(silent.is_empty(), "docs/configuration.md does not describe: {silent:#?}");
}

#[test]
fn every_default_port_is_documented() {
    let documented = read("docs/configuration.md");
    for config in files(&["services"], "rs").iter().filter(|it| it.path.ends_with("/config.rs")) {
        let ports = config.code().split(|c: char| !c.is_ascii_digit());
        for port in ports.filter(|port| port.len() == 4 && port.starts_with("88")) {
            assert!(documented.contains(port), "{port} of {}", config.path);
        }
    }
}

/// Reasons are words of capitals joined by underscores; those of one word are written in the document only.
fn reasons_in_code() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let sources = production().into_iter().filter(|file| {
        file.path.starts_with("services/")
            && !file.path.ends_with("/config.rs")
            && !file.path.contains("/git/")
    });
    for file in sources {
        let words = literals(file.code()).filter(|word| is_capitals(word) && word.contains('_'));
        let reasons = words.filter(|word| !FOREIGN.contains(word));
        let reasons =
            reasons.filter(|word| !NOT_A_REASON.iter().any(|start| word.starts_with(start)));
        found.extend(reasons.map(str::to_owned));
    }
    found
}

#[test]
fn every_reason_is_documented_and_exists() {
    let text = read("docs/reasons.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeSet<String> =
        rows.filter_map(|row| quoted(row).next()).map(str::to_owned).collect();
    let code: String = production().iter().map(|file| file.code().to_owned()).collect();
    let unknown: Vec<_> = documented
        .iter()
        .filter(|reason| !code.contains(&format!("\"{reason}\"")) && !reason.starts_with('<'))
        .collect();
    assert!(unknown.is_empty(), "docs/reasons.md describes what nothing says: {unknown:#?}");
    let two_words =
        documented.into_iter().filter(|reason| reason.contains('_') && !reason.starts_with('<'));
    let missing = difference(&two_words.collect(), &(&reasons_in_code() | &shared_reasons(&code)));
    assert_eq!(missing, "", "left is docs/reasons.md, right is the code");
}

/// Reasons that crates say for every service, as far as they are documented.
fn shared_reasons(code: &str) -> BTreeSet<String> {
    let known = ["POSTGRES_AWAY", "DEADLINE_EXCEEDED", "INVALID_ARGUMENT", "NOT_FOUND"];
    let known = known.into_iter().chain(["ALREADY_EXISTS", "PERMISSION_DENIED", "SAME_REQUEST"]);
    // The machine of a release decides these.
    let known = known.chain(["APPROVAL_REFUSED", "APPROVAL_EXPIRED", "CI_EXPIRED"]);
    known.filter(|reason| code.contains(&format!("\"{reason}\""))).map(str::to_owned).collect()
}
