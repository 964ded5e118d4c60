//! What a commit of a run says: words for people, `[skip ci]` for CI, and lines by which it is found again. Pure.

use super::Wanted;
use chrono::SecondsFormat;
use events::RunId;

/// Keeps CI quiet. Slipway deploys it all the same.
const QUIET: &str = "[skip ci]";

/// The line that names `run`.
pub fn line(run: RunId) -> String {
    format!("Slipway-Run: {run}")
}

/// The whole message.
pub fn of(wanted: &Wanted) -> String {
    let said = wanted.message.trim();
    let (subject, body) = said.split_once('\n').unwrap_or((said, ""));
    let quiet = if said.contains(QUIET) { "" } else { " [skip ci]" };
    let body = body.trim();
    let body = if body.is_empty() { String::new() } else { format!("{body}\n\n") };
    let time = wanted.time.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "{}{quiet}\n\n{body}Slipway-Environment: {}/{}\nSlipway-Release: {}\nSlipway-Time: {time}\nSlipway-By: {}\n{}\n",
        subject.trim_end(),
        wanted.app,
        wanted.environment,
        wanted.release_number,
        wanted.by.as_str().replace(char::is_control, " "),
        line(wanted.run),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::tests::wanted;

    #[test]
    fn a_commit_tells_ci_people_and_slipway_what_it_is() {
        insta::assert_snapshot!(of(&wanted("chore: update trained model")), @"
        chore: update trained model [skip ci]

        Slipway-Environment: shop/production
        Slipway-Release: 7
        Slipway-Time: 1970-01-01T00:00:09Z
        Slipway-By: ana
        Slipway-Run: 00000000-0000-0000-0000-000000000000
        ");
    }

    #[test]
    fn words_that_are_there_are_not_said_twice() {
        insta::assert_snapshot!(of(&wanted("model [skip ci]\nby night")), @"
        model [skip ci]

        by night

        Slipway-Environment: shop/production
        Slipway-Release: 7
        Slipway-Time: 1970-01-01T00:00:09Z
        Slipway-By: ana
        Slipway-Run: 00000000-0000-0000-0000-000000000000
        ");
    }
}
