//! What to do about a release, by how it stands: the rows of docs/explain.md, which people read as well.

use crate::State;

/// The page with the rows; the only place where advice is written.
const PAGE: &str = include_str!("../../../docs/explain.md");
/// Row of the states whose time was over and that have no row of their own.
const ANY_TIMEOUT: &str = "<STATE>_TIMEOUT";

/// What to do about a release in `state`: about why it failed, then about where it is. `APP ENVIRONMENT` stands for
/// its place.
pub fn advice(state: &State) -> Vec<&'static str> {
    let why = state.failure().and_then(|failure| about_reason(&failure.reason));
    why.into_iter().chain(about(state.name())).collect()
}

fn about_reason(reason: &str) -> Option<&'static str> {
    let any = || reason.ends_with("_TIMEOUT").then(|| about(ANY_TIMEOUT)).flatten();
    about(reason).or_else(any)
}

/// The second column of the row that begins with `key`.
fn about(key: &str) -> Option<&'static str> {
    let mut rows = PAGE.lines().filter_map(cells);
    rows.find(|(first, _)| *first == key).map(|(_, advice)| advice)
}

/// Of a row ``| `key` | text |``.
fn cells(line: &'static str) -> Option<(&'static str, &'static str)> {
    let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
    row.split_once("` | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;
    use std::collections::BTreeSet;

    /// The codes that docs/reasons.md has under headings that begin so.
    fn reasons(heading: &str) -> BTreeSet<&'static str> {
        let page = include_str!("../../../docs/reasons.md");
        let sections = page.split("\n## ").filter(|section| section.starts_with(heading));
        sections.flat_map(str::lines).filter_map(cells).map(|(code, _)| code).collect()
    }

    #[test]
    fn there_is_advice_for_every_reason_and_for_nothing_else() {
        let advised = PAGE.lines().filter_map(cells).map(|(key, _)| key);
        let advised: BTreeSet<_> = advised.filter(|key| key.contains(char::is_uppercase)).collect();
        let (of_releases, all) = (reasons("Releases"), reasons(""));
        let silent: Vec<_> = of_releases.difference(&advised).collect();
        let unknown: Vec<_> = advised.difference(&all).collect();
        assert!(silent.is_empty(), "docs/explain.md has no row for {silent:?}");
        assert!(unknown.is_empty(), "docs/reasons.md has no row for {unknown:?}");
    }

    #[test]
    fn a_failure_is_advised_on_before_the_state_that_it_led_to() {
        let failure = Failure::new("ERROR_RATE", "too many");
        let told = advice(&State::RolledBack { failure });
        assert_eq!(told, [about("ERROR_RATE"), about("rolled_back")].map(|it| it.expect("a row")));
    }

    #[test]
    fn what_took_too_long_is_advised_on_by_its_own_row_or_that_of_all() {
        let own = about_reason("JOB_TIMEOUT").expect("a row");
        assert_ne!(Some(own), about(ANY_TIMEOUT));
        assert_eq!(about_reason("STARTING_TIMEOUT"), about(ANY_TIMEOUT));
        assert_eq!(about_reason("NEVER_HEARD_OF"), None);
    }

    #[test]
    fn every_end_is_advised_on() {
        for state in ["live", "rolled_back", "failed", "cancelled", "superseded", "stuck"] {
            assert!(about(state).is_some(), "{state}");
        }
    }
}
