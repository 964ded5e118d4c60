//! A `slipway.yaml` on this machine, read without a server.

use crate::error::Error;
use crate::output::Output;
use manifest::{Manifest, Problem};
use std::path::Path;

/// The manifest in the file at `path`, or what is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Result<Manifest, Vec<Problem>>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Read { path: path.display().to_string(), source })?;
    Ok(manifest::parse(&text).map_err(|invalid| invalid.problems))
}

/// Says what is wrong with the file at `path`.
pub(crate) fn tell(out: &Output, path: &Path, problems: &[Problem]) -> Result<(), Error> {
    if out.is_json() {
        let said = serde_json::json!({ "file": path.display().to_string(), "problems": problems });
        return out.text(&format!("{said:#}"));
    }
    problems.iter().try_for_each(|problem| out.text(&line(path, problem)))
}

/// `slipway.yaml:3:5 services.api: the message (the help)`
fn line(path: &Path, problem: &Problem) -> String {
    let place = if problem.path.is_empty() { "" } else { ": " };
    let help = problem.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    let (file, line, column) = (path.display(), problem.line, problem.column);
    format!("{file}:{line}:{column} {}{place}{}{help}", problem.path, problem.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_file_line_and_column() {
        let invalid = manifest::parse("version: 1\nservises: {}\n").expect_err("a typo");
        let told = line(Path::new("deploy/slipway.yaml"), &invalid.problems[0]);
        assert!(told.starts_with("deploy/slipway.yaml:"), "{told}");
    }
}
