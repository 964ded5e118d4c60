//! One line of an instance's output, safe to store and show. Pure.

use chrono::{DateTime, Utc};

/// Longer lines are cut, after secrets are hidden.
const LONGEST_LINE: usize = 4096;

/// A line that an instance wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine got it.
    pub time: Option<DateTime<Utc>>,
    /// It was written to stderr.
    pub stderr: bool,
    /// Its text without colours and control characters.
    pub line: String,
}

impl LogLine {
    /// A line as the engine gives it with timestamps: `2026-11-21T03:55:36.123456789Z text`.
    pub(super) fn read(stderr: bool, raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        let (time, rest) = text.split_once(' ').unwrap_or((text.trim_end(), ""));
        match DateTime::parse_from_rfc3339(time) {
            Ok(time) => Self { time: Some(time.to_utc()), stderr, line: clean(rest) },
            Err(_) => Self { time: None, stderr, line: clean(&text) },
        }
    }
}

/// `line` without terminal sequences and control characters.
pub fn clean(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut rest),
            '\t' => text.push(c),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

/// After ESC: `[` up to a letter, or `]` up to BEL or ESC `\`, or one character.
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            rest.find(|c| ('@'..='~').contains(c));
        }
        Some(']') => {
            if rest.find(|c| matches!(c, '\u{7}' | '\u{1b}')) == Some('\u{1b}') {
                rest.next();
            }
        }
        Some(_) | None => {}
    }
}

/// Hides the secrets of a release in its output.
#[derive(Clone, Default)]
pub struct Mask(service::mask::Mask);

impl Mask {
    /// Hides each of `secrets`, and each line of one that has several.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(service::mask::Mask::new(secrets.into_iter().map(str::as_bytes)))
    }

    /// `line` with stars where a secret was, not too long.
    pub fn hide(&self, line: &str) -> String {
        if line.len() <= LONGEST_LINE {
            return self.0.apply(line).into_owned();
        }
        // The engine may have cut it already.
        let mut line = self.0.apply_to_beginning(line);
        if line.len() > LONGEST_LINE {
            line.truncate(line.floor_char_boundary(LONGEST_LINE));
            line.push_str(" ...");
        }
        line
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_comes_with_its_time() {
        let line = LogLine::read(true, b"2026-11-21T03:55:36.5Z ready on :8000\n");
        assert_eq!(line.time.map(|time| time.timestamp_subsec_millis()), Some(500));
        assert_eq!((line.line.as_str(), line.stderr), ("ready on :8000", true));
        assert_eq!(LogLine::read(false, b"no time here").line, "no time here");
        assert_eq!(LogLine::read(false, b"2026-11-21T03:55:36.5Z \n").line, "");
    }

    #[test]
    fn terminal_sequences_are_left_out() {
        assert_eq!(clean("\u{1b}[1;31mERROR\u{1b}[0m it\tbroke\r"), "ERROR it\tbroke");
        assert_eq!(clean("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{7}"), "link");
        assert_eq!(clean("a\0b"), "ab");
    }

    #[test]
    fn secrets_are_hidden_and_short_words_are_not() {
        let mask = Mask::new(["hunter22", "hunter22-long", "on", "1234", "line one\nline two"]);
        let line = mask.hide("connect with hunter22-long or hunter22, line two is on; pin 1234");
        assert_eq!(line, "connect with *** or ***, *** is on; pin ***");
    }

    proptest! {
        #[test]
        fn a_clean_line_is_printable(line in "\\PC*|(?s).{0,200}") {
            let cleaned = clean(&line);
            prop_assert!(cleaned.chars().all(|c| c == '\t' || !c.is_control()));
            prop_assert_eq!(clean(&cleaned), cleaned);
        }

        #[test]
        fn no_part_of_a_secret_shows_at_the_cut(before in LONGEST_LINE - 30..LONGEST_LINE + 4) {
            let secret = "sk-4f9a7c1e2b8d";
            let raw = format!("2026-11-21T03:55:36.5Z {}{secret} and more", "x".repeat(before));
            let line = Mask::new([secret]).hide(&LogLine::read(false, raw.as_bytes()).line);
            prop_assert!(!line.contains("sk-") && line.len() <= LONGEST_LINE + 4, "{line}");
        }
    }
}
