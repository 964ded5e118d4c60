//! The last lines of a log, as they can be shown anywhere: few, short, without colours and control characters.
//! Secrets were hidden before the log was kept. Pure.

/// Lines that are told.
const LINES: usize = 20;
/// Characters of a line.
const COLUMNS: usize = 300;

/// The end of a log.
pub(crate) fn excerpt(lines: &[String]) -> Vec<String> {
    let mut told: Vec<String> = lines
        .iter()
        .rev()
        .map(|line| plain(line))
        .filter(|line| !line.is_empty())
        .take(LINES)
        .collect();
    told.reverse();
    told
}

/// A line without what moves a cursor or changes a colour.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut rest),
            '\t' => plain.push(' '),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    let end = plain.char_indices().nth(COLUMNS).map_or(plain.len(), |(end, _)| end);
    plain.truncate(end);
    plain.truncate(plain.trim_end().len());
    plain
}

/// Skips what follows an escape: parameters up to a letter, or a text up to its end.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next() {
        Some('[') => {
            while rest.next_if(|c| !('@'..='~').contains(c)).is_some() {}
            rest.next();
        }
        Some(']') => {
            while let Some(c) = rest.next() {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    return;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_lines_are_told_plainly() {
        let log: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
        let told = excerpt(&log);
        assert_eq!((told.len(), told[0].as_str(), told[19].as_str()), (20, "line 30", "line 49"));
        let coloured =
            "\u{1b}[31mred\u{1b}[0m \u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\ end\r".to_owned();
        assert_eq!(excerpt(&[coloured, "  ".to_owned()]), ["red link end"]);
        assert_eq!(excerpt(&["x".repeat(1_000)])[0].len(), COLUMNS);
    }

    proptest! {
        #[test]
        fn nothing_that_controls_survives(lines in proptest::collection::vec(".{0,40}", 0..40)) {
            let told = excerpt(&lines);
            prop_assert!(told.len() <= LINES);
            prop_assert!(told.iter().all(|line| !line.chars().any(char::is_control)));
        }
    }
}
