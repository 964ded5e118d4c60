//! Hides secret values in text that people read: as they are, line by line, each as JSON writes it, and in base64. Pure.
//!
//! Text is masked before it is cut: a cut in the middle of a secret would leave a beginning that no
//! pattern knows.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Shorter values are not masked: they would blot out ordinary text.
pub const SHORTEST: usize = 4;
/// What stands where a secret was.
const STARS: &str = "***";

/// Knows what must not be seen.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a value that contains another is hidden whole.
    patterns: Vec<Zeroizing<String>>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} patterns)", self.patterns.len())
    }
}

impl Mask {
    /// Hides these values.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut mask = Self::default();
        mask.add(values);
        mask
    }

    /// Hides these values too.
    pub fn add<'a>(&mut self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.patterns.extend(values.into_iter().flat_map(spellings).map(Zeroizing::new));
        self.patterns.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.patterns.dedup();
    }

    /// `text` without secrets.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for pattern in &self.patterns {
            if text.contains(pattern.as_str()) {
                text = Cow::Owned(text.replace(pattern.as_str(), STARS));
            }
        }
        text
    }

    /// `text` without secrets, where the end of `text` may be missing: what could be the beginning of a
    /// secret there is hidden too.
    #[must_use]
    pub fn apply_to_beginning(&self, text: &str) -> String {
        let mut text = self.apply(text).into_owned();
        let begun = |pattern: &Zeroizing<String>| {
            let beginnings = (SHORTEST..pattern.len()).rev();
            beginnings
                .filter_map(|len| pattern.get(..len))
                .find(|part| text.ends_with(*part))
                .map(str::len)
        };
        if let Some(len) = self.patterns.iter().filter_map(begun).max() {
            text.truncate(text.len() - len);
            text.push_str(STARS);
        }
        text
    }
}

fn spellings(value: &[u8]) -> Vec<String> {
    if value.len() < SHORTEST {
        return Vec::new();
    }
    let with_newline = [value, b"\n"].concat();
    let mut spellings = vec![
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        STANDARD.encode(&with_newline),
    ];
    if let Ok(text) = std::str::from_utf8(value) {
        let long_enough = |line: &&str| line.len() >= SHORTEST;
        for line in text.lines().map(str::trim).filter(long_enough) {
            spellings.push(line.to_owned());
            spellings.extend(in_json(line));
        }
    }
    spellings
}

/// `line` within a string of JSON: as it must be, as Go writes it by default, and in ASCII alone, as Python does by
/// default, with small and with capital digits.
fn in_json(line: &str) -> [String; 4] {
    let small: fn(u16) -> String = |unit| format!("\\u{unit:04x}");
    let capital: fn(u16) -> String = |unit| format!("\\u{unit:04X}");
    let beyond_ascii = |c: char| !(' '..='~').contains(&c);
    [
        escaped(line, |_| false, small),
        escaped(line, |c| matches!(c, '<' | '>' | '&'), small),
        escaped(line, beyond_ascii, small),
        escaped(line, beyond_ascii, capital),
    ]
}

/// `line` with what JSON has to escape, and these characters, escaped.
fn escaped(line: &str, also: impl Fn(char) -> bool, unit: fn(u16) -> String) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        c if c < ' ' || also(c) => c.encode_utf16(&mut [0; 2]).iter().copied().map(unit).collect(),
        c => c.to_string(),
    };
    line.chars().map(escape).collect()
}

/// `text`, or as much of its head and of its tail as fit in about `longest` bytes, with a word about what is
/// missing between them. Mask first.
#[must_use]
pub fn shorten(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    let head = text.floor_char_boundary(longest / 2);
    let tail = text.ceil_char_boundary(text.len() - longest / 2);
    let missing = tail - head;
    Cow::Owned(format!("{} [... {missing} bytes cut ...] {}", &text[..head], &text[tail..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(values: &[&str]) -> Mask {
        Mask::new(values.iter().map(|value| value.as_bytes()))
    }

    fn masked(values: &[&str], line: &str) -> String {
        mask(values).apply(line).into_owned()
    }

    #[test]
    fn values_are_hidden_however_they_are_written() {
        assert_eq!(masked(&["hunter22"], "pw=hunter22;"), "pw=***;");
        assert_eq!(masked(&["hunter22"], "aHVudGVyMjI= aHVudGVyMjIK"), "*** ***");
        assert_eq!(masked(&["BEGIN KEY\nabcdef\nEND KEY"], "line abcdef seen"), "line *** seen");
        assert_eq!(masked(&["secret", "secret-longer"], "secret-longer"), "***");
        assert_eq!(
            masked(&["abc"], "abc stays: too short to hide"),
            "abc stays: too short to hide"
        );
    }

    #[test]
    fn values_are_hidden_as_json_writes_them() {
        let hidden = |said: &str| masked(&["pä\"\\<&1"], said);
        assert_eq!(hidden(r#"{"pw": "pä\"\\<&1"}"#), r#"{"pw": "***"}"#);
        assert_eq!(hidden(r#"{"pw": "pä\"\\\u003c\u00261"}"#), r#"{"pw": "***"}"#);
        assert_eq!(hidden(r#"{"pw": "p\u00e4\"\\<&1"}"#), r#"{"pw": "***"}"#);
        assert_eq!(hidden(r#"{"pw": "p\u00E4\"\\<&1"}"#), r#"{"pw": "***"}"#);
        assert_eq!(masked(&["smile 😀"], r"smile \ud83d\ude00"), "***");
        assert_eq!(mask(&["smile 😀"]).apply_to_beginning(r"so smile \ud83d\ud"), "so ***");
    }

    #[test]
    fn what_is_too_long_keeps_its_head_and_its_tail() {
        assert_eq!(shorten("short", 8), "short");
        assert_eq!(shorten("0123456789abcdef", 8), "0123 [... 8 bytes cut ...] cdef");
        assert_eq!(shorten("ää-ää-ää", 6), "ä [... 10 bytes cut ...] ä");
    }

    proptest! {
        #[test]
        fn no_secret_of_four_bytes_survives(
            before in "[ -~]{0,20}", secret in "[a-zA-Z0-9]{4,30}", after in "[ -~]{0,20}",
        ) {
            let line = masked(&[&secret], &format!("{before}{secret}{after}"));
            prop_assert!(!line.contains(&secret), "{line:?}");
        }

        #[test]
        fn no_secret_of_four_bytes_survives_in_json(
            before in "[ -~]{0,20}", secret in "[!-)+-~äß€😀\u{7f}]{4,30}", after in "[ -~]{0,20}",
        ) {
            let must_be = serde_json::Value::from(secret.as_str()).to_string();
            prop_assert_eq!(&in_json(&secret)[0], &must_be[1..must_be.len() - 1]);
            for written in in_json(&secret) {
                let read: String = serde_json::from_str(&format!("\"{written}\"")).expect("JSON");
                prop_assert_eq!(&read, &secret);
                let line = masked(&[&secret], &format!("{before}{written}{after}"));
                prop_assert!(!line.contains(&written), "{line:?}");
            }
        }

        #[test]
        fn no_beginning_of_a_secret_survives_at_a_cut(
            before in "[ -~]{0,20}", secret in "[a-zA-Z0-9ä]{5,30}", seen in 4_usize..60,
        ) {
            let seen = secret.floor_char_boundary(seen);
            let line = mask(&[&secret]).apply_to_beginning(&format!("{before}{}", &secret[..seen]));
            prop_assert!(seen < SHORTEST || !line.ends_with(&secret[..seen]), "{line:?}");
        }

        #[test]
        fn shortened_text_is_bounded(text in "(?s).{0,300}", longest in 0_usize..200) {
            prop_assert!(shorten(&text, longest).len() <= longest + 40);
        }
    }
}
