//! A tree as YAML text: blocks for what is long, one line for what is short.

use crate::tree::{Tree, Word};

/// The longest line that several values share.
const WIDTH: usize = 110;
/// Mappings that people add lines to, so each entry has its own.
const BLOCKS: [&str; 6] = ["services", "jobs", "environments", "env", "args", "health"];
/// Characters of plain words, wherever they stand.
const PLAIN: &str = "_./-:@=+,%~^";

/// `tree` as a document.
pub(crate) fn yaml(head: &str, tree: &Tree) -> String {
    let mut text = String::new();
    for line in head.lines() {
        text.push_str(&["# ", line, "\n"].concat());
    }
    if let Tree::Map(entries) = tree {
        block(&mut text, entries, 0);
    }
    text
}

fn block(text: &mut String, entries: &[(Word, Tree)], depth: usize) {
    let indent = "  ".repeat(depth);
    for (key, value) in entries {
        let name = scalar(&key.text);
        let line = flow(value);
        let fits = indent.len() + name.len() + 2 + line.len() <= WIDTH;
        let nested = match value {
            Tree::Text(_) => false,
            Tree::List(_) => !fits,
            Tree::Map(below) => {
                !fits || BLOCKS.contains(&key.text.as_str()) || depth < 2 || has_maps(below)
            }
        };
        text.push_str(&[indent.as_str(), &name, ":"].concat());
        match value {
            Tree::Map(below) if nested && !below.is_empty() => {
                text.push('\n');
                block(text, below, depth + 1);
            }
            Tree::List(items) if nested => {
                text.push('\n');
                for item in items {
                    text.push_str(&[indent.as_str(), "  - ", &flow(item), "\n"].concat());
                }
            }
            Tree::Text(_) | Tree::List(_) | Tree::Map(_) => {
                text.push_str(&[" ", line.as_str(), "\n"].concat());
            }
        }
    }
}

fn has_maps(entries: &[(Word, Tree)]) -> bool {
    entries.iter().any(|(_, value)| matches!(value, Tree::Map(_)))
}

/// `tree` in one line.
fn flow(tree: &Tree) -> String {
    match tree {
        Tree::Text(word) => scalar(&word.text),
        Tree::List(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Tree::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Tree::Map(entries) => {
            let pair =
                |(key, value): &(Word, Tree)| format!("{}: {}", scalar(&key.text), flow(value));
            let pairs: Vec<_> = entries.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// `text` plain where that cannot be misread, else in double quotes.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
    let starts = |c: char| c.is_ascii_alphanumeric() || "_./".contains(c);
    let words = ["null", "Null", "NULL", "yes", "no", "on", "off", "..."];
    let option = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(text);
    option.starts_with(starts)
        && text.chars().all(good)
        && !text.contains(',')
        && !text.ends_with(':')
        && !text.starts_with("---")
        && !words.contains(&text)
        // `12:30:45` is a number to old readers.
        && !(text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b == b':'))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c) || c == '\u{feff}' => {
                let escape = format!("\\u{:04x}", u32::from(c));
                quoted.push_str(&escape);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::yaml::Value;

    fn read(text: &str) -> String {
        let tree =
            Tree::Map(vec![(Word::new("env"), Tree::List(vec![Tree::Text(Word::new(text))]))]);
        let node = manifest::yaml::parse(&yaml("", &tree)).expect("is YAML");
        let Value::Map(entries) = node.value else { return "no mapping".to_owned() };
        let Value::List(items) = &entries[0].1.value else { return "no list".to_owned() };
        match &items[0].value {
            Value::Scalar { text, .. } if !items[0].is_nothing() => text.clone(),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_could_be_misread_is_quoted() {
        let words = ["--host", "0.0.0.0", "a b", "", "null", "-", "22:22", "a:", "#x", "- a", "~"];
        let written: Vec<_> = words.iter().map(|word| scalar(word)).collect();
        assert_eq!(
            written.join(" "),
            r##"--host 0.0.0.0 "a b" "" "null" "-" "22:22" "a:" "#x" "- a" "~""##
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_the_same(text in "[-a-z0-9:,#~ \"'{}\\[\\]]{0,8}|\\PC{0,12}|[\\x01-\\x20\\u{85}\\u{2028}]{1,3}") {
            proptest::prop_assert_eq!(read(&text), text);
        }
    }
}
