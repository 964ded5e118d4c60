//! Whatever text comes, it is a manifest or is refused with places that exist.

use manifest::{Manifest, parse, plan, resolve};
use proptest::prelude::*;

const GOOD: &str = include_str!("data/fraud-detection.yaml");

fn holds(text: &str) {
    match parse(text) {
        Ok(manifest) => resolves_everywhere(&manifest),
        Err(invalid) => {
            assert!(!invalid.problems.is_empty());
            for problem in invalid.problems {
                assert!(problem.line >= 1 && problem.column >= 1);
                assert!(problem.line <= text.split(['\n', '\r']).count() + 1, "{problem}");
            }
        }
    }
}

fn resolves_everywhere(manifest: &Manifest) {
    for name in manifest.environments.keys() {
        if let Ok(resolved) = resolve(manifest, manifest, name) {
            assert!(!resolved.hosts.is_empty());
            assert!(!plan(&resolved, Some(&resolved)).to_string().is_empty());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,400}") {
        holds(&text);
    }

    #[test]
    fn anything_like_yaml_is_read_or_refused(
        text in "([a-c]{1,3}|: |- |\n|\n  |\\[|\\]|\\{|\\}|, |&a |\\*a|<<|'|\"|#|\\||>|!t |---\n|\\?|\t){0,60}"
    ) {
        holds(&text);
    }

    #[test]
    fn a_damaged_manifest_is_read_or_refused(
        at in 0..GOOD.len(), length in 0..80_usize, instead in "[ -~\n]{0,12}"
    ) {
        let end = (at + length).min(GOOD.len());
        holds(&format!("{}{instead}{}", &GOOD[..at], &GOOD[end..]));
    }

    #[test]
    fn a_manifest_whose_lines_moved_is_read_or_refused(from in 0..53_usize, to in 0..53_usize) {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        let line = lines.remove(from.min(lines.len() - 1));
        lines.insert(to.min(lines.len()), line);
        holds(&lines.join("\n"));
    }
}

#[test]
fn a_manifest_may_be_no_larger_than_its_limit() {
    let text = format!("# {}", "x".repeat(256 * 1024));
    let error = parse(&text).expect_err("is too large").to_string();
    insta::assert_snapshot!(error, @"slipway.yaml:1:1 the file has 262146 bytes; the limit is 262144 (256 KiB)");
}

#[test]
fn nesting_has_a_limit() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let text = |n| format!("a: {}{}", open.repeat(n), close.repeat(n));
        assert!(parse(&text(40)).is_err_and(|e| e.problems[0].message.contains("deep")), "{open}");
        assert!(parse(&text(20_000)).is_err(), "{open}");
    }
    let text = (0..300).map(|n| " ".repeat(n) + "a:").collect::<Vec<_>>().join("\n");
    assert!(parse(&text).is_err_and(|e| e.problems[0].message.contains("deep")));
}

#[test]
fn aliases_that_explode_are_refused() {
    let line = |n: u32| format!("x{n}: &x{n} [{}]\n", vec![format!("*x{}", n - 1); 10].join(", "));
    let text: String =
        std::iter::once("x0: &x0 lol\n".to_owned()).chain((1..9).map(line)).collect();
    let error = parse(&text).expect_err("would be a thousand million nodes").to_string();
    insta::assert_snapshot!(error, @"slipway.yaml:6:5 aliases expand to more than 4 MiB");
}

#[test]
fn there_is_an_end_to_problems() {
    let text = (0..5000).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join("\n");
    assert_eq!(parse(&text).expect_err("knows none of them").problems.len(), 100);
}
