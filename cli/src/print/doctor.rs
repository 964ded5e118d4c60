//! What the doctor found.

use crate::doctor::{Finding, Health};

/// One line for each finding, and what to do below.
pub(crate) fn list(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    findings.iter().map(|finding| line(finding, width)).collect::<Vec<_>>().join("\n")
}

fn line(finding: &Finding, width: usize) -> String {
    let health = match finding.health {
        Health::Ok => "ok  ",
        Health::Warn => "warn",
        Health::Fail => "fail",
    };
    let line = format!("{health}  {:width$}  {}", finding.name, finding.seen);
    if finding.advice.is_empty() {
        return line;
    }
    format!("{line}\n      {:width$}  -> {}", "", finding.advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_says_what_to_do() {
        let finding = |name, health, seen: &str, advice: &str| Finding {
            name,
            health,
            seen: seen.to_owned(),
            advice: advice.to_owned(),
        };
        let findings = [
            finding("git", Health::Ok, "git version 2.39.5", ""),
            finding("registry", Health::Fail, "not installed", "apt-get install docker-registry"),
        ];
        insta::assert_snapshot!(list(&findings), @r"
        ok    git       git version 2.39.5
        fail  registry  not installed
                        -> apt-get install docker-registry
        ");
    }
}
