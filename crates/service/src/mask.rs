//! Hides secret values in log lines: as they are, line by line, and in base64.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Shorter values are not masked: they would blot out ordinary text.
const SHORTEST: usize = 4;
/// What stands where a secret was.
const STARS: &str = "***";

/// Knows what must not be seen.
#[derive(Default)]
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
    /// Hides these values too.
    pub fn add<'a>(&mut self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.patterns.extend(values.into_iter().flat_map(spellings).map(Zeroizing::new));
        self.patterns.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.patterns.dedup();
    }

    /// `line` without secrets.
    pub fn apply<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut line = Cow::Borrowed(line);
        for pattern in &self.patterns {
            if line.contains(pattern.as_str()) {
                line = Cow::Owned(line.replace(pattern.as_str(), STARS));
            }
        }
        line
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
        spellings.extend(text.lines().map(str::trim).filter(long_enough).map(str::to_owned));
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(values: &[&str], line: &str) -> String {
        let mut mask = Mask::default();
        mask.add(values.iter().map(|value| value.as_bytes()));
        mask.apply(line).into_owned()
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

    proptest! {
        #[test]
        fn no_secret_of_four_bytes_survives(
            before in "[ -~]{0,20}", secret in "[a-zA-Z0-9]{4,30}", after in "[ -~]{0,20}",
        ) {
            let line = masked(&[&secret], &format!("{before}{secret}{after}"));
            prop_assert!(!line.contains(&secret), "{line:?}");
        }
    }
}
