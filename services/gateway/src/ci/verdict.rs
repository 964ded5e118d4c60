//! Whether a commit is green. Pure.

use crate::github::ci::{Light, Run, Seen};

/// Ours are not waited for: they end when the release has ended.
const OWN: &str = "slipway/";
/// Names that a sentence lists.
const NAMES: usize = 5;

/// Whether a commit is green, with a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not known yet.
    Pending(String),
    Green(String),
    Red(String),
    /// It cannot be known here.
    Unknown(String),
}

/// Whether what is `required` is green in what was `seen`; nothing required means everything there is.
pub(super) fn verdict(required: &[String], seen: &Seen) -> Verdict {
    let is_meant = |run: &&Run| {
        !run.name.starts_with(OWN) && (required.is_empty() || required.contains(&run.name))
    };
    let runs: Vec<&Run> = seen.runs.iter().filter(is_meant).collect();
    let of = |light: Light| runs.iter().filter(move |run| run.light == light).copied();
    if let Some(red) = of(Light::Red).next() {
        let link = red.link.as_ref().map(|link| format!(": {link}")).unwrap_or_default();
        return Verdict::Red(format!("{} is {}{link}", red.name, red.word));
    }
    let missing = required.iter().filter(|name| runs.iter().all(|run| run.name != **name));
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    if !missing.is_empty() {
        return Verdict::Pending(format!("{} did not begin", listed(&missing)));
    }
    let pending: Vec<&str> = of(Light::Pending).map(|run| run.name.as_str()).collect();
    if !pending.is_empty() {
        return Verdict::Pending(format!("{} did not end", listed(&pending)));
    }
    if runs.is_empty() {
        return Verdict::Pending("the commit has no status and no check run".to_owned());
    }
    if required.is_empty() && seen.open_suites > 0 {
        return Verdict::Pending("a check suite did not end".to_owned());
    }
    let green: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    Verdict::Green(format!("CI is green: {}", listed(&green)))
}

fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names[..names.len().min(NAMES)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(name: &str, light: Light) -> Run {
        let word = match light {
            Light::Pending => "queued",
            Light::Green => "success",
            Light::Red => "failure",
        };
        let link = Some(format!("https://github.com/acme/shop/runs/{name}"));
        Run { name: name.to_owned(), light, word: word.to_owned(), link }
    }

    fn seen(runs: &[(&str, Light)]) -> Seen {
        let runs = runs.iter().map(|(name, light)| run(name, *light)).collect();
        Seen { runs, open_suites: 0 }
    }

    fn judged(required: &[&str], runs: &[(&str, Light)]) -> String {
        let required: Vec<String> = required.iter().map(|name| (*name).to_owned()).collect();
        format!("{:?}", verdict(&required, &seen(runs)))
    }

    #[test]
    fn everything_there_is_must_be_green_and_something_must_be_there() {
        use Light::{Green, Pending, Red};
        assert_eq!(judged(&[], &[]), r#"Pending("the commit has no status and no check run")"#);
        assert_eq!(
            judged(&[], &[("unit", Green), ("lint", Pending)]),
            r#"Pending("lint did not end")"#
        );
        assert_eq!(
            judged(&[], &[("unit", Green), ("lint", Green)]),
            r#"Green("CI is green: unit, lint")"#
        );
        let red = r#"Red("unit is failure: https://github.com/acme/shop/runs/unit")"#;
        assert_eq!(judged(&[], &[("lint", Pending), ("unit", Red)]), red);
    }

    #[test]
    fn only_what_is_required_counts_where_something_is() {
        use Light::{Green, Red};
        assert_eq!(judged(&["unit"], &[("lint", Red)]), r#"Pending("unit did not begin")"#);
        assert_eq!(
            judged(&["unit"], &[("lint", Red), ("unit", Green)]),
            r#"Green("CI is green: unit")"#
        );
        // Two Apps may give the same name.
        assert!(judged(&["unit"], &[("unit", Green), ("unit", Red)]).starts_with("Red"));
    }

    #[test]
    fn our_own_word_is_not_waited_for() {
        let own = ("slipway/production", Light::Pending);
        assert!(judged(&[], &[own]).starts_with("Pending(\"the commit has no status"));
        assert!(judged(&[], &[own, ("unit", Light::Green)]).starts_with("Green"));
    }

    #[test]
    fn a_suite_that_goes_on_may_make_more_runs() {
        let seen = Seen { open_suites: 1, ..seen(&[("build", Light::Green)]) };
        assert_eq!(verdict(&[], &seen), Verdict::Pending("a check suite did not end".to_owned()));
        assert!(matches!(verdict(&["build".to_owned()], &seen), Verdict::Green(_)));
    }

    proptest! {
        #[test]
        fn what_is_red_is_never_green(lights in proptest::collection::vec(0_u8..3, 0..8)) {
            let light = |n: &u8| [Light::Pending, Light::Green, Light::Red][usize::from(*n)];
            let runs: Vec<_> = lights.iter().map(|n| run("unit", light(n))).collect();
            let verdict = verdict(&[], &Seen { runs, open_suites: 0 });
            prop_assert_eq!(matches!(verdict, Verdict::Red(_)), lights.contains(&2));
            let all = !lights.is_empty() && lights.iter().all(|n| *n == 1);
            prop_assert_eq!(matches!(verdict, Verdict::Green(_)), all);
        }
    }
}
