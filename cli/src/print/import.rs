//! What became of a file that was imported.

use import::{Outcome, Report};

/// A line for each key that needs a look, how many there are, and what comes next.
pub(crate) fn report(report: &Report, file: &str, to: &str) -> String {
    let mut lines: Vec<_> = report.entries.iter().map(|entry| format!("{file}:{entry}")).collect();
    let count = |outcome| report.count(outcome);
    lines.push(format!(
        "as they were: {}, changed: {}, left out: {}, added: {}",
        report.carried.len(),
        count(Outcome::Changed),
        count(Outcome::Left),
        count(Outcome::Added),
    ));
    if !report.secrets.is_empty() {
        lines.push("secrets to set before the first release:".to_owned());
    }
    let app = &report.app;
    lines.extend(report.secrets.iter().map(|name| format!("  slipway secret set {app} {name}")));
    let written = if to == "-" { String::new() } else { format!("{to} is written; ") };
    lines.push(format!("{written}next: slipway app add {app} REPOSITORY"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_what_needs_a_look_first() {
        let source = "services:\n  api:\n    build: .\n    tty: true\n    environment: [API_KEY]\n";
        let options = import::Options { app: Some("shop".to_owned()), ..Default::default() };
        let imported = import::import(source, &options).expect("is a Compose file");
        insta::assert_snapshot!(report(&imported.report, "compose.yaml", "slipway.yaml"), @r"
        compose.yaml:1:1 added: the file names no branch: pushes to main are released to production (write the branch you release from under `track`)
        compose.yaml:4:10 services.api.tty: left out: there is no terminal (nothing to do)
        compose.yaml:5:19 services.api.environment[0]: changed: its value comes from where Compose runs (set API_KEY with `slipway secret set`)
        as they were: 1, changed: 1, left out: 1, added: 1
        secrets to set before the first release:
          slipway secret set shop API_KEY
        slipway.yaml is written; next: slipway app add shop REPOSITORY
        ");
    }
}
